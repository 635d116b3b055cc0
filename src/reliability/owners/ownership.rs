//! Who owns which asset or product.

use pgrx::pg_extern;

use super::people::owner_named;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, UNDEFINED_OWNER, or_raise};
use crate::pg::text::Text;
use crate::pg::{read_only, role, tables};
use crate::reliability::asset::Asset;
use crate::reliability::target::{Product, Target};

/// From the mildest to the worst: issues have the first two, incidents the others.
const SEVERITIES: [&str; 6] = ["warn", "error", "sev4", "sev3", "sev2", "sev1"];

/// What two arguments name, one of which is given.
fn target(
    asset: Option<Text>,
    product: Option<Text>,
    read_asset: impl FnOnce(&str) -> Result<Asset>,
) -> Result<Target> {
    match (asset, product) {
        (Some(asset), None) => read_asset(&asset).map(Target::Asset),
        (None, Some(product)) => Product::named(&product).map(Target::Product),
        (None, None) | (Some(_), Some(_)) => Err(Error::new(
            INVALID_PARAMETER,
            "either an asset or a data product is owned",
        )
        .hint("Write asset => 'public.orders', asset => 'schema:staging', or product => 'revenue'.")),
    }
}

/// `own(owner, asset, product, min_severity)`.
#[pg_extern(sql = false)]
fn own(owner: Option<Text>, asset: Option<Text>, product: Option<Text>, min_severity: Option<Text>) {
    read_only::require_writable(c"assay.own()");
    or_raise((|| {
        let owner = owner_named("owner", owner)?;
        if let Some(severity) = min_severity
            .as_deref()
            .filter(|severity| !SEVERITIES.contains(severity))
        {
            return Err(
                Error::new(INVALID_PARAMETER, format!("unknown severity \"{severity}\"")).hint(format!(
                    "It is one of {}, from the mildest to the worst.",
                    SEVERITIES.join(", ")
                )),
            );
        }
        let target = target(asset, product, Asset::named)?;
        target.require_control()?;
        let (asset, product) = target.record()?;
        let by = role::name_of(role::current());
        tables::as_owner(|| {
            tables::write(
                &format!(
                    "INSERT INTO assay.ownership (owner_id, asset_id, product_id, min_severity, said_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT {} DO UPDATE SET min_severity = excluded.min_severity, said_by = excluded.said_by, said_at = excluded.said_at",
                    match target {
                        Target::Asset(_) => "(asset_id, owner_id) WHERE asset_id IS NOT NULL",
                        Target::Product(_) => "(product_id, owner_id) WHERE product_id IS NOT NULL",
                    }
                ),
                &[owner.id.into(), asset.into(), product.into(), min_severity.into(), by.as_str().into()],
            )
        })
    })());
}

/// `disown(owner, asset, product)`.
#[pg_extern(sql = false)]
fn disown(owner: Option<Text>, asset: Option<Text>, product: Option<Text>) {
    read_only::require_writable(c"assay.disown()");
    or_raise((|| {
        let owner = owner_named("owner", owner)?;
        let target = target(asset, product, Asset::parse)?;
        // Whoever owns something may say that it does not.
        if !owner.is_caller()? {
            target.require_control()?;
        }
        let (asset, product) = target.id()?;
        let disowned: Option<i64> = tables::as_owner(|| {
            let of_product: Option<i64> = tables::write_returning(
                "UPDATE assay.data_product SET owner_id = NULL
WHERE id OPERATOR(pg_catalog.=) $1 AND owner_id OPERATOR(pg_catalog.=) $2 RETURNING id",
                &[product.into(), owner.id.into()],
            )?;
            let said: Option<i64> = tables::write_returning(
                "DELETE FROM assay.ownership WHERE owner_id OPERATOR(pg_catalog.=) $1
    AND (asset_id OPERATOR(pg_catalog.=) $2 OR product_id OPERATOR(pg_catalog.=) $3) RETURNING id",
                &[owner.id.into(), asset.into(), product.into()],
            )?;
            Ok(of_product.or(said))
        })?;
        disowned.map(drop).ok_or_else(|| {
            Error::new(
                UNDEFINED_OWNER,
                format!("owner \"{}\" does not own {}", owner.name, target.label()),
            )
            .hint("SELECT owner, asset, product FROM assay.ownerships shows what was said; the rest follows from that.")
        })
    })());
}
