//! `json!` writes values as JSON is written, `json_struct!` structs that become JSON.

/// A value as JSON is written, with expressions in the places of values; a name that is
/// no literal stands in parentheses: `json!({ "total": docs.len(), "all": [1, null], (key): true })`.
#[macro_export]
macro_rules! json {
    (null) => { $crate::Value::Null };
    ([ $($items:tt)* ]) => {{
        #[allow(unused_mut)]
        let mut items = ::std::vec::Vec::<$crate::Value>::new();
        $crate::json_items!(items $($items)*);
        $crate::Value::Array(items)
    }};
    ({ $($members:tt)* }) => {{
        #[allow(unused_mut)]
        let mut members = $crate::Map::<$crate::Value>::new();
        $crate::json_members!(members $($members)*);
        $crate::Value::Object(members)
    }};
    ($value:expr) => { $crate::to_value(&$value) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! json_items {
    ($list:ident) => {};
    ($list:ident null $(, $($rest:tt)*)?) => {
        $list.push($crate::Value::Null);
        $crate::json_items!($list $($($rest)*)?);
    };
    ($list:ident [ $($item:tt)* ] $(, $($rest:tt)*)?) => {
        $list.push($crate::json!([ $($item)* ]));
        $crate::json_items!($list $($($rest)*)?);
    };
    ($list:ident { $($item:tt)* } $(, $($rest:tt)*)?) => {
        $list.push($crate::json!({ $($item)* }));
        $crate::json_items!($list $($($rest)*)?);
    };
    ($list:ident $item:expr $(, $($rest:tt)*)?) => {
        $list.push($crate::to_value(&$item));
        $crate::json_items!($list $($($rest)*)?);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! json_members {
    ($map:ident) => {};
    ($map:ident $name:tt : null $(, $($rest:tt)*)?) => {
        $map.insert($name, $crate::Value::Null);
        $crate::json_members!($map $($($rest)*)?);
    };
    ($map:ident $name:tt : [ $($item:tt)* ] $(, $($rest:tt)*)?) => {
        $map.insert($name, $crate::json!([ $($item)* ]));
        $crate::json_members!($map $($($rest)*)?);
    };
    ($map:ident $name:tt : { $($item:tt)* } $(, $($rest:tt)*)?) => {
        $map.insert($name, $crate::json!({ $($item)* }));
        $crate::json_members!($map $($($rest)*)?);
    };
    ($map:ident $name:tt : $item:expr $(, $($rest:tt)*)?) => {
        $map.insert($name, $crate::to_value(&$item));
        $crate::json_members!($map $($($rest)*)?);
    };
}

/// Structs that become JSON and are made of it. The name of a field is its name in JSON,
/// or what stands behind `=`:
///
/// ```text
/// json_struct! {
///     #[derive(Debug, Clone)]
///     struct Row { name: String, total: f64, first_seen: Option<String> = "firstSeen" }
/// }
/// ```
#[macro_export]
macro_rules! json_struct {
    ($(
        $(#[$meta:meta])*
        $visible:vis struct $name:ident {
            $( $(#[$about:meta])* $shown:vis $field:ident : $ty:ty $(= $key:literal)? ),* $(,)?
        }
    )+) => { $(
        $(#[$meta])*
        $visible struct $name { $( $(#[$about])* $shown $field : $ty ),* }

        impl $crate::ToJson for $name {
            fn to_json(&self) -> $crate::Value {
                $crate::generated::object(
                    &[$( ($crate::generated::key(&[stringify!($field) $(, $key)?]), true, &self.$field) ),*],
                    ::std::option::Option::None,
                )
            }
        }

        impl $crate::FromJson for $name {
            const WHAT: &'static str = "an object";

            fn check(value: &$crate::Value) -> $crate::generated::Fits {
                $crate::generated::check_object(value)?;
                $( $crate::generated::check_field::<$ty>(
                    value, $crate::generated::key(&[stringify!($field) $(, $key)?]))?; )*
                ::std::result::Result::Ok(())
            }

            fn from_json(value: $crate::Value) -> ::std::option::Option<Self> {
                #[allow(unused_mut, unused_variables)]
                let mut fields = $crate::generated::Fields::new(value, stringify!($name))?;
                ::std::option::Option::Some(Self {
                    $( $field: fields.demand($crate::generated::key(&[stringify!($field) $(, $key)?]))? ),*
                })
            }
        }
    )+ };
}

/// The code behind a choice of texts, which generated modules declare.
#[doc(hidden)]
#[macro_export]
macro_rules! choice {
    ($name:ident, $default:expr; $($variant:ident = $text:literal),*) => {
        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )*
                    Self::Other(text) => text,
                }
            }
        }

        impl ::std::convert::From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl ::std::default::Default for $name {
            fn default() -> Self {
                $default
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl ::std::cmp::PartialEq<&str> for $name {
            fn eq(&self, text: &&str) -> bool {
                self.as_str() == *text
            }
        }

        impl $crate::ToJson for $name {
            fn to_json(&self) -> $crate::Value {
                $crate::ToJson::to_json(self.as_str())
            }
        }

        impl $crate::FromJson for $name {
            const WHAT: &'static str = "a text";

            fn check(value: &$crate::Value) -> $crate::generated::Fits {
                <::std::string::String as $crate::FromJson>::check(value)
            }

            fn from_json(value: $crate::Value) -> ::std::option::Option<Self> {
                value.as_str().map(Self::from)
            }
        }
    };
}
