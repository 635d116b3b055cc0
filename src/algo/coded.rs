//! Enums in stored bytes. Each variant has a code that is written down beside it, so that stored bytes do not depend on the order of the
//! source: a code is never changed nor given again. `tests/format/codes.txt` pins them.

use std::cell::Cell;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, Visitor};

/// Writes and reads an enum by codes: `coded!(Shape { 0 => Point, 1 => Circle(radius), 2 => Box { width, height } })`. Two equal codes
/// do not compile. With `named` before the enum, texts such as JSON have names instead, by a derive with `#[serde(remote = "Self")]`.
macro_rules! coded {
    (named $type:ident { $($variants:tt)+ }) => {
        $crate::coded::coded!(@impl $type ($type::serialize) ($type::deserialize) { $($variants)+ });
    };
    ($type:ident { $($variants:tt)+ }) => {
        $crate::coded::coded!(@impl $type () () { $($variants)+ });
    };
    (@impl $type:ident ($($by_name:path)?) ($($from_name:path)?) {
        $($code:literal => $variant:ident $(($($field:ident),+))? $({$($named:ident),+})?),+ $(,)?
    }) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                $(if serializer.is_human_readable() {
                    return $by_name(self, serializer);
                })?
                match self {
                    $($type::$variant $(($($field),+))? $({$($named),+})? => serializer.serialize_newtype_variant(
                        stringify!($type), $code, stringify!($variant), &($($($field,)+)? $($($named,)+)?),
                    ),)+
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<$type, D::Error> {
                $(if deserializer.is_human_readable() {
                    return $from_name(deserializer);
                })?
                struct Variants;
                impl<'de> serde::de::Visitor<'de> for Variants {
                    type Value = $type;
                    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                        f.write_str(stringify!($type))
                    }
                    fn visit_enum<A: serde::de::EnumAccess<'de>>(self, variant: A) -> std::result::Result<$type, A::Error> {
                        use serde::de::VariantAccess;
                        let (code, content) = variant.variant_seed($crate::coded::Code)?;
                        match code {
                            $($code => {
                                let ($($($field,)+)? $($($named,)+)?) = content.newtype_variant()?;
                                Ok($type::$variant $(($($field),+))? $({$($named),+})?)
                            })+
                            code => Err($crate::coded::newer(format!("it has {} {code}, which this assay does not know", stringify!($type)))),
                        }
                    }
                }
                deserializer.deserialize_enum(stringify!($type), &[], Variants)
            }
        }
    };
}
pub(crate) use coded;

thread_local! {
    /// What [`newer`] was last told on this thread.
    static NEWER: Cell<Option<String>> = const { Cell::new(None) };
}

/// The error of what only a newer assay knows. Postcard's errors have no texts, so [`take_newer`] keeps this one.
pub fn newer<E: Error>(found: String) -> E {
    let error = E::custom(&found);
    NEWER.set(Some(found));
    error
}

/// What this thread has met since the last call that only a newer assay knows.
pub fn take_newer() -> Option<String> {
    NEWER.take()
}

/// Reads the code of a variant.
pub struct Code;

impl<'de> DeserializeSeed<'de> for Code {
    type Value = u32;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u32, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Code {
    type Value = u32;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a code")
    }

    fn visit_u32<E: Error>(self, code: u32) -> Result<u32, E> {
        Ok(code)
    }
}

/// Lists of one value for each variant of an enum that may get more, by the variants' places: `#[serde(deserialize_with =
/// "coded::list::<_, _, COUNT>")]`. Lists that were written before are filled up.
pub fn list<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default, const COUNT: usize>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let mut values = Vec::deserialize(deserializer)?;
    if values.len() > COUNT {
        return Err(newer(format!(
            "it counts {} kinds, and this assay knows {COUNT}",
            values.len()
        )));
    }
    values.resize_with(COUNT, T::default);
    Ok(values)
}

#[cfg(test)]
mod tests;
