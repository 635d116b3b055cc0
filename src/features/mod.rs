//! Features in SQL: scalars, and window functions that scale, bucketize, impute and encode by what the rows of a frame teach.

mod combined;
mod scalars;
mod windows;
