//! What a promise or a maintenance window is about: an asset, or a data product, which stands for its assets.

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;

use super::asset::{self, Asset};
use super::owner;
use crate::pg::catalog::{self, Key};
use crate::pg::catalog_row::CatalogRow;
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, Result, UNDEFINED_PRODUCT, or_raise};
use crate::pg::text::Text;
use crate::pg::{names, role};

/// What is written before a product's name.
const PRODUCT: &str = "product";

/// An asset or a data product.
pub enum Target {
    Asset(Asset),
    Product(Product),
}

/// A data product, as far as rights go.
pub struct Product {
    pub id: i64,
    pub name: String,
    owner: Option<i64>,
    added_by: Oid,
}

impl Product {
    fn read(row: &CatalogRow) -> Result<Option<Product>> {
        Ok(Some(Product {
            id: row.require(1)?,
            name: row.require(2)?,
            owner: row.get(4)?,
            added_by: row.require(6)?,
        }))
    }

    /// The product of a name, if there is one.
    pub fn find(name: &str) -> Result<Option<Product>> {
        catalog::find(
            c"data_product",
            c"data_product_name_key",
            &[Key::Text(2, name)],
            Product::read,
        )
    }

    /// The product of a name. Returns an error with ML024 where there is none.
    pub fn named(name: &str) -> Result<Product> {
        Product::find(name)?.ok_or_else(|| {
            Error::new(UNDEFINED_PRODUCT, format!("data product \"{name}\" does not exist"))
                .hint("SELECT name FROM assay.data_products lists them; assay.add_data_product adds one.")
        })
    }

    fn by_id(id: i64) -> Result<Option<Product>> {
        catalog::find(
            c"data_product",
            c"data_product_pkey",
            &[Key::BigInt(1, id)],
            Product::read,
        )
    }

    /// Whether the caller acts for who added it, for its owner, or for the database's owner.
    fn is_controlled(&self) -> Result<bool> {
        if role::acts_for(self.added_by) || role::is_steward() {
            return Ok(true);
        }
        let owner = self.owner.map(owner::by_id).transpose()?.flatten();
        owner.map_or(Ok(false), |owner| owner.is_caller())
    }

    /// Returns an error with 42501 unless the caller may say things of it.
    pub fn require_control(&self) -> Result<()> {
        if self.is_controlled()? {
            return Ok(());
        }
        Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("permission denied for data product \"{}\"", self.name),
        )
        .hint("It takes the role that added it, its owner's role, or the database's owner."))
    }

    /// Whether the caller may know of it: who may say things of it, and who may see one of its assets.
    fn is_visible(&self) -> Result<bool> {
        if self.is_controlled()? {
            return Ok(true);
        }
        let keys = [Key::BigInt(1, self.id)];
        let seen = catalog::find(c"product_asset", c"product_asset_pkey", &keys, |row| {
            let asset = asset::by_id(row.require(2)?)?;
            let visible = asset.as_ref().map(Asset::is_visible).transpose()?;
            Ok((visible == Some(true)).then_some(()))
        })?;
        Ok(seen.is_some())
    }
}

impl Target {
    /// The target that a text names: an asset, or `product:NAME`. Returns an error with ML022 or ML024 for what is not there.
    pub fn named(text: &str) -> Result<Target> {
        match text.split_once(':') {
            Some((kind, name)) if kind.trim() == PRODUCT => {
                let name = name.trim();
                names::check("data product's name", name)?;
                Product::named(name).map(Target::Product)
            }
            Some(_) | None => Asset::named(text).map(Target::Asset),
        }
    }

    /// The target of a row that has the number of either.
    pub fn of_row(asset: Option<i64>, product: Option<i64>) -> Result<Option<Target>> {
        match (asset, product) {
            (Some(id), _) => Ok(asset::by_id(id)?.map(Target::Asset)),
            (None, Some(id)) => Ok(Product::by_id(id)?.map(Target::Product)),
            (None, None) => Ok(None),
        }
    }

    /// As people write it.
    pub fn label(&self) -> String {
        match self {
            Target::Asset(asset) => asset.label(),
            Target::Product(product) => format!("{PRODUCT}:{}", product.name),
        }
    }

    /// Whether the caller may know of it.
    pub fn is_visible(&self) -> Result<bool> {
        match self {
            Target::Asset(asset) => asset.is_visible(),
            Target::Product(product) => product.is_visible(),
        }
    }

    /// Returns an error with 42501 unless the caller may say things of it.
    pub fn require_control(&self) -> Result<()> {
        match self {
            Target::Asset(asset) => asset.require_control(),
            Target::Product(product) => product.require_control(),
        }
    }

    /// The number of the asset, if anything is recorded of it, or that of the product.
    pub fn known(&self) -> Result<(Option<i64>, Option<i64>)> {
        match self {
            Target::Asset(asset) => Ok((asset.id()?, None)),
            Target::Product(product) => Ok((None, Some(product.id))),
        }
    }

    /// The number of the asset, which is recorded where it was not yet, or that of the product.
    pub fn record(&self) -> Result<(Option<i64>, Option<i64>)> {
        match self {
            Target::Asset(asset) => Ok((Some(asset.record()?), None)),
            Target::Product(product) => Ok((None, Some(product.id))),
        }
    }

    /// The number of the asset, if anything is recorded of it, or that of the product.
    pub fn id(&self) -> Result<(Option<i64>, Option<i64>)> {
        match self {
            Target::Asset(asset) => Ok((asset.id()?, None)),
            Target::Product(product) => Ok((None, Some(product.id))),
        }
    }
}

/// `target_label(asset_id, product_id)`.
#[pg_extern(sql = false)]
fn target_label(asset_id: Option<i64>, product_id: Option<i64>) -> Option<Text> {
    // Anybody may call it, with any number.
    or_raise((|| match Target::of_row(asset_id, product_id)? {
        Some(target) if target.is_visible()? => Ok(Some(Text::from(target.label()))),
        Some(_) | None => Ok(None),
    })())
}

/// `may_see_target(asset_id, product_id)`.
#[pg_extern(sql = false)]
fn may_see_target(asset_id: Option<i64>, product_id: Option<i64>) -> bool {
    or_raise((|| match Target::of_row(asset_id, product_id)? {
        Some(target) => target.is_visible(),
        None => Ok(false),
    })())
}
