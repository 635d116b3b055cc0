//! Whether a model is good enough to decide: where its threshold belongs, what it saves, whether its probabilities come true, and whether it
//! treats groups alike.

pub mod apart;
pub mod calibration;
pub mod costs;
pub mod curves;
pub mod decision;
pub mod draw;
pub mod fairness;
pub mod lift;
pub mod measures;
pub mod numbers;
pub mod scored_rows;
pub mod scores;

#[cfg(test)]
mod tests;
