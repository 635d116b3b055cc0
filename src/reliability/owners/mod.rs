//! Who answers for what: people and teams, what they own, and the data products that assets make up.

pub(super) mod contacts;
mod ownership;
mod people;
mod products;
