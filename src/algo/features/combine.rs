//! Which features go together: products of numbers, and crosses of categories.

use super::parameter;
use crate::error::Result;

/// The most features that are combined.
const MOST_FEATURES: usize = 10;

/// How features are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combine {
    /// Products of up to so many factors, which may repeat.
    Products(usize),
    /// Two to so many different features.
    Crosses(usize),
}

impl Combine {
    /// Returns an error unless the degree is from 1 to 4.
    pub fn products(degree: i32) -> Result<Combine> {
        match usize::try_from(degree) {
            Ok(degree @ 1..=4) => Ok(Combine::Products(degree)),
            _ => Err(parameter("degree", degree, "from 1 to 4")),
        }
    }

    /// Returns an error unless the degree is from 2 to 4.
    pub fn crosses(degree: i32) -> Result<Combine> {
        match usize::try_from(degree) {
            Ok(degree @ 2..=4) => Ok(Combine::Crosses(degree)),
            _ => Err(parameter("degree", degree, "from 2 to 4")),
        }
    }

    /// Calls `each` with the places of the features of each combination: those of fewer features first, then in the order of the first, the
    /// second, and so on, as scikit-learn's PolynomialFeatures has them. Returns an error for more than 10 features.
    pub fn visit(self, features: usize, mut each: impl FnMut(&[usize])) -> Result<()> {
        if features > MOST_FEATURES {
            return Err(parameter(
                "features",
                format!("{features} features"),
                "10 features or fewer",
            ));
        }
        if features == 0 {
            return Ok(());
        }
        let (degrees, apart) = match self {
            Combine::Products(degree) => (1..=degree, 0),
            Combine::Crosses(degree) => (2..=degree.min(features), 1),
        };
        for degree in degrees {
            let mut places: Vec<usize> = (0..degree).map(|place| place * apart).collect();
            // The greatest value of each place is as far from the end as there are places after it.
            let most = |place: usize| features - 1 - (degree - 1 - place) * apart;
            loop {
                each(&places);
                let Some(last) = (0..degree).rfind(|&place| places[place] < most(place)) else {
                    break;
                };
                let next = places[last] + 1;
                (last..degree).for_each(|place| places[place] = next + (place - last) * apart);
            }
        }
        Ok(())
    }
}

/// The product of numbers, in their order.
pub fn product(numbers: &[f64], places: &[usize]) -> f64 {
    places.iter().map(|&place| numbers[place]).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(combine: Combine, features: usize) -> Vec<String> {
        let mut found = Vec::new();
        let each = |places: &[usize]| found.push(places.iter().map(|place| place.to_string()).collect());
        combine.visit(features, each).unwrap();
        found
    }

    #[test]
    fn they_are_those_of_scikit_learn() {
        let products = of(Combine::products(2).unwrap(), 3);
        assert_eq!(products, ["0", "1", "2", "00", "01", "02", "11", "12", "22"]);
        assert_eq!(of(Combine::products(3).unwrap(), 1), ["0", "00", "000"]);
        assert_eq!(of(Combine::crosses(2).unwrap(), 3), ["01", "02", "12"]);
        assert_eq!(of(Combine::crosses(3).unwrap(), 3), ["01", "02", "12", "012"]);
        for none in [
            of(Combine::Crosses(4), 1),
            of(Combine::Crosses(2), 0),
            of(Combine::Products(4), 0),
        ] {
            assert!(none.is_empty());
        }
        assert_eq!(of(Combine::Products(4), 10).len(), 1000);
        assert_eq!(product(&[2.0, 3.0], &[0, 1, 1]), 18.0);
    }

    #[test]
    fn wrong_degrees_and_too_many_features_are_errors() {
        for degree in [-1, 0, 5] {
            assert!(Combine::products(degree).is_err());
            assert!(Combine::crosses(degree).is_err());
        }
        assert!(Combine::crosses(1).is_err());
        assert!(Combine::Products(2).visit(11, |_| ()).is_err());
    }
}
