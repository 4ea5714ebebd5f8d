//! The tasks: what one job computes from its arguments.

use serde::{Deserialize, Serialize};
use xpm::prelude::*;

/// Estimates pi: draws points of the unit square, and counts those in the circle.
#[task(id = "pi.estimate")]
pub struct Estimate {
    /// How many points are drawn
    pub points: u64,
    /// Begins the sequence of random numbers
    #[param(default = 0)]
    pub seed: u64,
}

/// What was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    pub pi: f64,
    /// How far it is from the truth
    pub error: f64,
}

/// How many points are drawn between two reports of progress.
const CHUNK: u64 = 10_000;

impl Task for Estimate {
    type Output = Found;

    fn execute(&self, job: &JobContext) -> TaskResult<Found> {
        let mut random = Random::new(self.seed);
        let mut inside = 0;
        for chunk in job.progress("chunks", 0..self.points.div_ceil(CHUNK)) {
            let count = CHUNK.min(self.points - chunk * CHUNK);
            inside += (0..count).filter(|_| random.point_is_inside()).count();
        }
        let pi = 4.0 * inside as f64 / self.points as f64;
        Ok(Found { pi, error: (pi - std::f64::consts::PI).abs() })
    }
}

/// A sequence of random numbers (SplitMix64), the same on every machine.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 up to 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn point_is_inside(&mut self) -> bool {
        self.next().powi(2) + self.next().powi(2) < 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_pi_quarters_of_the_points_are_inside() {
        let mut random = Random::new(7);
        let inside = (0..100_000).filter(|_| random.point_is_inside()).count();
        assert!((78_000..79_000).contains(&inside), "{inside}");
    }

    #[test]
    fn a_seed_gives_the_same_numbers_again() {
        let numbers = |seed| {
            let mut random = Random::new(seed);
            [random.next(), random.next()]
        };
        assert_eq!(numbers(1), numbers(1));
        assert_ne!(numbers(1), numbers(2));
    }
}
