//! The linear family: least squares, ridge, lasso, elastic net, logistic and Poisson regression, support vector machines, quantiles, Huber's regression.
//!
//! A frame becomes design columns ([`super::design`]); passes over them ([`pass`]) give sums of products ([`products`], [`gram`]), whose
//! equations ([`equations`], [`cholesky`]) give weights, or the rows themselves do where products lose too many digits ([`triangle`]); a fitted model keeps these folded for scoring ([`predictor`]) and as a
//! table for reading ([`model`]).

pub(crate) mod adding;
mod additive;
mod block;
mod by_passes;
pub(crate) mod by_sums;
pub(crate) mod cholesky;
mod class_sums;
mod clusters;
mod coordinate_descent;
mod covariance;
pub mod elastic_net;
mod equations;
pub(crate) mod exact;
pub mod gram;
mod huber;
pub(crate) mod input;
mod kinks;
mod lbfgs;
mod learners;
pub mod least_squares;
mod link;
pub mod logistic;
mod losses;
pub mod model;
mod multinomial;
mod newton;
mod pass;
mod poisson;
pub mod predictor;
mod products;
mod quantile;
mod reference;
mod robust;
pub mod scorer;
mod sides;
mod softmax;
pub(crate) mod summing;
mod svm;
mod triangle;

#[cfg(test)]
mod tests;

pub use elastic_net::ElasticNetParams;
pub use gram::{Gram, Moments};
pub use huber::{HuberParams, HuberRegression};
pub use learners::{ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge};
pub use least_squares::{RidgeParams, ridge_gram};
pub(crate) use link::{exp, probabilities};
pub use logistic::{ClassWeight, LogisticRegressionParams, Penalty};
pub use model::{Intercept, LinearModel, Link, Summary, Weight};
pub(crate) use pass::Data;
pub use poisson::{PoissonParams, PoissonRegression};
pub use predictor::LinearPredictor;
pub use quantile::{QuantileParams, QuantileRegression};
pub use reference::Reference;
pub use robust::StandardErrors;
pub use scorer::{Scorer, Sum};
pub use svm::{LinearSvm, SvmLoss, SvmParams};
