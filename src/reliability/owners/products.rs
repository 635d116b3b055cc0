//! Data products, and the assets that make them up.

use pgrx::pg_extern;

use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result, UNDEFINED_ASSET, or_raise};
use crate::pg::options::required;
use crate::pg::text::{Prose, Text};
use crate::pg::{names, read_only, role, snapshot, tables};
use crate::reliability::asset::Asset;
use crate::reliability::owner;
use crate::reliability::target::{Product, Target};

/// From the highest to the lowest.
const PRIORITIES: [&str; 3] = ["p1", "p2", "p3"];
const ROLES: [&str; 3] = ["input", "inner", "output"];
/// The most bytes of a description.
const LONGEST_DESCRIPTION: usize = 2000;

/// Returns an error with 22023 for a word that is not one of those there are.
fn check_word(what: &str, word: &str, words: &[&str]) -> Result<()> {
    match words.contains(&word) {
        true => Ok(()),
        false => Err(Error::new(INVALID_PARAMETER, format!("unknown {what} \"{word}\""))
            .hint(format!("It is one of {}.", words.join(", ")))),
    }
}

/// `add_data_product(name, priority, owner, description)`.
#[pg_extern(sql = false)]
fn add_data_product(name: Option<Text>, priority: Option<Text>, owner: Option<Text>, description: Option<Text>) -> i64 {
    read_only::require_writable(c"assay.add_data_product()");
    or_raise((|| {
        let name = String::from(required("name", name)?);
        names::check("data product's name", &name)?;
        let priority = String::from(required("priority", priority)?);
        check_word("priority", &priority, &PRIORITIES)?;
        let owner = owner.map(|name| owner::named(&name)).transpose()?;
        if let Some(long) = description.as_ref().filter(|text| text.len() > LONGEST_DESCRIPTION) {
            return Err(Error::new(
                INVALID_PARAMETER,
                format!("the description has more than {LONGEST_DESCRIPTION} bytes"),
            )
            .detail(format!("It has {}.", long.len()))
            .hint("Say in a few sentences what it is for."));
        }
        let description = description.as_deref().map(Prose::from);
        let said = || {
            [
                priority.as_str().into(),
                owner.as_ref().map(|owner| owner.id).into(),
                description.clone().into(),
            ]
        };
        let update = |existing: &Product| -> Result<i64> {
            existing.require_control()?;
            let mut parameters = Vec::from(said());
            parameters.push(existing.id.into());
            tables::as_owner(|| {
                tables::write(
                    "UPDATE assay.data_product SET priority = $1, owner_id = $2, description = $3 WHERE id OPERATOR(pg_catalog.=) $4",
                    &parameters,
                )
            })?;
            Ok(existing.id)
        };
        if let Some(existing) = Product::find(&name)? {
            return update(&existing);
        }
        let mut parameters = Vec::from(said());
        parameters.extend([name.as_str().into(), role::current().into()]);
        let id: Option<i64> = tables::as_owner(|| {
            tables::write_returning(
                "INSERT INTO assay.data_product (priority, owner_id, description, name, added_by)
VALUES ($1, $2, $3, $4, $5::pg_catalog.oid) ON CONFLICT (name) DO NOTHING RETURNING id",
                &parameters,
            )
        })?;
        match id {
            Some(id) => Ok(id),
            // Another session has added one of the name meanwhile.
            None => update(&snapshot::with_latest(|| Product::named(&name))?),
        }
    })())
}

/// The data product of an argument, which the caller may say things of.
fn controlled(argument: &str, name: Option<Text>) -> Result<Product> {
    let product = Product::named(&required(argument, name)?)?;
    product.require_control()?;
    Ok(product)
}

/// `drop_data_product(name)`.
#[pg_extern(sql = false)]
fn drop_data_product(name: Option<Text>) {
    read_only::require_writable(c"assay.drop_data_product()");
    or_raise((|| {
        let product = controlled("name", name)?;
        tables::as_owner(|| {
            tables::write(
                "DELETE FROM assay.data_product WHERE id OPERATOR(pg_catalog.=) $1",
                &[product.id.into()],
            )
        })
    })());
}

/// `add_to_product(product, asset, role)`.
#[pg_extern(sql = false)]
fn add_to_product(product: Option<Text>, asset: Option<Text>, role: Option<Text>) {
    read_only::require_writable(c"assay.add_to_product()");
    or_raise((|| {
        let role = required("role", role)?;
        check_word("role", &role, &ROLES)?;
        let product = controlled("product", product)?;
        let asset = Asset::named(&required("asset", asset)?)?;
        // Who makes the product answers for what is in it; what goes in is made, and owned, by others.
        match &*role {
            "input" if asset.is_visible()? => (),
            "input" => {
                return Err(Error::new(
                    INSUFFICIENT_PRIVILEGE,
                    format!("permission denied for {}", asset.label()),
                )
                .hint("It takes the right to read it."));
            }
            _ => asset.require_control()?,
        }
        let asset = asset.record()?;
        tables::as_owner(|| {
            tables::write(
                "INSERT INTO assay.product_asset (product_id, asset_id, role) VALUES ($1, $2, $3)
ON CONFLICT (product_id, asset_id) DO UPDATE SET role = excluded.role",
                &[product.id.into(), asset.into(), role.into()],
            )
        })
    })());
}

/// `remove_from_product(product, asset)`.
#[pg_extern(sql = false)]
fn remove_from_product(product: Option<Text>, asset: Option<Text>) {
    read_only::require_writable(c"assay.remove_from_product()");
    or_raise((|| {
        let product = controlled("product", product)?;
        let asset = Target::Asset(Asset::parse(&required("asset", asset)?)?);
        let (id, _) = asset.id()?;
        let removed: Option<i64> = tables::as_owner(|| {
            tables::write_returning(
                "DELETE FROM assay.product_asset WHERE product_id OPERATOR(pg_catalog.=) $1 AND asset_id OPERATOR(pg_catalog.=) $2 RETURNING asset_id",
                &[product.id.into(), id.into()],
            )
        })?;
        removed.map(drop).ok_or_else(|| {
            Error::new(
                UNDEFINED_ASSET,
                format!("{} is not in data product \"{}\"", asset.label(), product.name),
            )
            .hint("SELECT asset, role FROM assay.product_assets shows what is.")
        })
    })());
}
