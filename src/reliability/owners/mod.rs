//! Who answers for what: people and teams, what they own, and the data products that assets make up.

mod contacts;
mod ownership;
mod people;
mod products;
