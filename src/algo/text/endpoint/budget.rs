//! What a server may still take: a window of a minute for calls, and one of a day for tokens and cost.

use serde::{Deserialize, Serialize};

/// The length of the window for calls, in seconds.
pub const MINUTE: f64 = 60.0;

/// What a server may take; `None` where there is no limit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub requests_per_minute: Option<u32>,
    pub tokens_per_day: Option<u64>,
    pub cost_per_day: Option<f64>,
}

/// What it has taken.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Taken {
    /// Seconds since the calls of the last minute were booked, those of the last first. No more than the limit are needed.
    pub ages: Vec<f64>,
    /// Of the day.
    pub tokens: u64,
    pub cost: f64,
}

/// Why a call is not to be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The next one may be made in so many seconds.
    Requests {
        limit: u32,
        seconds: f64,
    },
    Tokens {
        limit: u64,
        taken: u64,
        wanted: u64,
    },
    Cost {
        limit: f64,
        taken: f64,
        wanted: f64,
    },
}

impl Limits {
    /// Whether one more call may be made, which takes so much at most. What a day leaves is asked first: to wait a minute would not help.
    pub fn admit(&self, taken: &Taken, tokens: u64, cost: f64) -> Result<(), Refusal> {
        if let Some(limit) = self.tokens_per_day
            && taken.tokens.saturating_add(tokens) > limit
        {
            return Err(Refusal::Tokens {
                limit,
                taken: taken.tokens,
                wanted: tokens,
            });
        }
        if let Some(limit) = self.cost_per_day
            && taken.cost + cost > limit
        {
            return Err(Refusal::Cost {
                limit,
                taken: taken.cost,
                wanted: cost,
            });
        }
        let Some(limit) = self.requests_per_minute else {
            return Ok(());
        };
        // The one that has to leave the window before another may come into it.
        let place = (limit as usize).wrapping_sub(1);
        match taken.ages.get(place) {
            Some(&age) if age < MINUTE => Err(Refusal::Requests {
                limit,
                // A clock that was set back makes no wait of hours.
                seconds: (MINUTE - age).clamp(0.0, MINUTE),
            }),
            _ if limit == 0 => Err(Refusal::Requests { limit, seconds: MINUTE }),
            _ => Ok(()),
        }
    }
}

/// Tokens of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// Those that are sent.
    pub sent: u64,
    /// Those that the model writes.
    pub written: u64,
}

impl Tokens {
    /// So many that are sent to a model which writes none.
    pub fn sent(sent: u64) -> Tokens {
        Tokens { sent, written: 0 }
    }

    /// All of them.
    pub fn total(self) -> u64 {
        self.sent.saturating_add(self.written)
    }
}

/// Prices of a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Of those that are sent; `None` where they cost nothing.
    pub sent: Option<f64>,
    /// Of those that a model writes; `None` where they cost as much as the others.
    pub written: Option<f64>,
}

impl Prices {
    /// What so many tokens cost.
    pub fn cost(self, tokens: Tokens) -> f64 {
        let cost = |tokens: u64, price: Option<f64>| price.map_or(0.0, |price| tokens as f64 * price / 1e6);
        cost(tokens.sent, self.sent) + cost(tokens.written, self.written.or(self.sent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_limits_everything_is_admitted() {
        let taken = Taken {
            ages: vec![0.0; 1000],
            tokens: u64::MAX,
            cost: 1e300,
        };
        assert_eq!(Limits::default().admit(&taken, u64::MAX, 1e300), Ok(()));
    }

    #[test]
    fn so_many_calls_fit_into_a_minute() {
        let limits = Limits {
            requests_per_minute: Some(3),
            ..Limits::default()
        };
        let with = |ages: &[f64]| {
            let taken = Taken {
                ages: ages.to_vec(),
                ..Taken::default()
            };
            limits.admit(&taken, 1, 0.0)
        };
        let wait = |seconds| Err(Refusal::Requests { limit: 3, seconds });
        assert_eq!(with(&[]), Ok(()));
        assert_eq!(with(&[1.0, 2.0]), Ok(()));
        assert_eq!(with(&[1.0, 2.0, 45.5]), wait(14.5));
        assert_eq!(with(&[1.0, 2.0, 60.0]), Ok(()));
        assert_eq!(with(&[1.0, 2.0, 5.0, 59.0]), wait(55.0));
        // The clock was set back.
        assert_eq!(with(&[-100.0, -90.0, -80.0]), wait(60.0));
        let none = Limits {
            requests_per_minute: Some(0),
            ..Limits::default()
        };
        assert!(none.admit(&Taken::default(), 1, 0.0).is_err());
    }

    #[test]
    fn what_a_day_leaves_is_taken_to_the_last_token_and_no_further() {
        let limits = Limits {
            requests_per_minute: Some(1),
            tokens_per_day: Some(100),
            cost_per_day: Some(0.5),
        };
        let taken = |tokens, cost| Taken {
            ages: vec![1.0],
            tokens,
            cost,
        };
        assert!(matches!(
            limits.admit(&taken(90, 0.0), 10, 0.0),
            Err(Refusal::Requests { .. })
        ));
        assert_eq!(
            limits.admit(&taken(90, 0.0), 11, 0.0),
            Err(Refusal::Tokens {
                limit: 100,
                taken: 90,
                wanted: 11
            })
        );
        assert_eq!(
            limits.admit(&taken(0, 0.4), 1, 0.2),
            Err(Refusal::Cost {
                limit: 0.5,
                taken: 0.4,
                wanted: 0.2
            })
        );
        assert!(matches!(
            limits.admit(&taken(u64::MAX, 0.0), 1, 0.0),
            Err(Refusal::Tokens { .. })
        ));
    }

    #[test]
    fn a_price_is_of_a_million_tokens() {
        let cost = |prices: Prices| {
            prices.cost(Tokens {
                sent: 500_000,
                written: 250_000,
            })
        };
        let prices = |sent, written| Prices { sent, written };
        assert_eq!(cost(prices(Some(2.0), None)), 1.5);
        assert_eq!(cost(prices(Some(2.0), Some(8.0))), 3.0);
        assert_eq!(cost(prices(None, Some(8.0))), 2.0);
        assert_eq!(cost(prices(None, None)), 0.0);
        assert_eq!(prices(Some(2.0), Some(8.0)).cost(Tokens::sent(1_000_000)), 2.0);
    }
}
