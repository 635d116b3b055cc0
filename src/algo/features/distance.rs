//! Distances on the Earth.

use super::bucket::Number;
use super::parameter;
use crate::error::Result;

/// The mean radius of the Earth in metres (IUGG).
pub const EARTH: f64 = 6_371_008.771_4;

/// A point in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub latitude: f64,
    pub longitude: f64,
}

impl Point {
    /// Returns an error for what is no place on the Earth. NaN is none that is known.
    fn check(self) -> Result<()> {
        if self.latitude.abs() > 90.0 {
            return Err(parameter("latitude", Number(self.latitude), "from -90 to 90 degrees"));
        }
        if self.longitude.abs() > 360.0 {
            return Err(parameter(
                "longitude",
                Number(self.longitude),
                "from -360 to 360 degrees",
            ));
        }
        Ok(())
    }
}

/// The great-circle distance in metres on a sphere of the Earth's mean radius, by the haversine formula, which is exact for near points too.
pub fn haversine(from: Point, to: Point) -> Result<f64> {
    from.check()?;
    to.check()?;
    let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let cosines = from.latitude.to_radians().cos() * to.latitude.to_radians().cos();
    let haversine = half(from.latitude, to.latitude) + cosines * half(from.longitude, to.longitude);
    Ok(2.0 * EARTH * haversine.clamp(0.0, 1.0).sqrt().asin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(a: (f64, f64), b: (f64, f64)) -> f64 {
        let point = |(latitude, longitude)| Point { latitude, longitude };
        haversine(point(a), point(b)).unwrap()
    }

    #[test]
    fn distances_are_those_of_a_sphere() {
        // Buenos Aires and Paris as the page of scikit-learn's haversine_distances has them: 11,099.54035582 km, with a radius of 6,371.
        let radii = distance((-34.83333, -58.516_664_6), (49.008_389_966_4, 2.538_441_179_56)) / EARTH;
        assert!((radii * 6371.0 - 11_099.540_355_82).abs() < 1e-6, "{radii}");
        assert!((distance((0.0, 0.0), (0.0, 180.0)) - std::f64::consts::PI * EARTH).abs() < 1e-6);
        assert!((distance((90.0, 0.0), (-90.0, 77.0)) - std::f64::consts::PI * EARTH).abs() < 1e-6);
        assert_eq!(distance((47.4, 8.5), (47.4, 8.5)), 0.0);
        // A micrometre, which the law of cosines could not tell from nothing.
        let small = distance((47.0, 8.0), (47.0 + 9e-12, 8.0));
        assert!((small - 1e-6).abs() < 2e-8, "{small}");
        assert!((distance((0.0, 359.0), (0.0, -1.0))).abs() < 1e-6);
        assert!(distance((f64::NAN, 0.0), (0.0, 0.0)).is_nan());
    }

    #[test]
    fn what_is_no_place_is_an_error() {
        for (latitude, longitude) in [
            (90.1, 0.0),
            (0.0, 361.0),
            (f64::INFINITY, 0.0),
            (0.0, f64::NEG_INFINITY),
        ] {
            let here = Point {
                latitude: 0.0,
                longitude: 0.0,
            };
            assert!(haversine(Point { latitude, longitude }, here).is_err());
            assert!(haversine(here, Point { latitude, longitude }).is_err());
        }
    }
}
