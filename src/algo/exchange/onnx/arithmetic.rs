//! The functions of numbers that graphs are made of. NaN is a number that is missing, as in ONNX.

use statrs::function::erf::{erf, erf_inv};

use crate::coded::coded;

/// To what results are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    /// They are not.
    Not,
    /// To numbers of four bytes.
    Single,
    /// To whole numbers, towards 0.
    Int,
}

coded!(Round {
    0 => Not,
    1 => Single,
    2 => Int,
});

impl Round {
    #[inline]
    pub(super) fn of(self, value: f64) -> f64 {
        match self {
            Round::Not => value,
            Round::Single => f64::from(value as f32),
            Round::Int => value.trunc(),
        }
    }
}

/// A function of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unary {
    Identity,
    Negate,
    Absolute,
    Exponential,
    Logarithm,
    Root,
    Sigmoid,
    HyperbolicTangent,
    Relu,
    Not,
    IsMissing,
    IsInfinite,
    Floor,
    Ceiling,
    Nearest,
    Sign,
    Reciprocal,
    ErrorFunction,
    Softplus,
    IsTrue,
    Probit,
    Truth,
}

coded!(Unary {
    0 => Identity,
    1 => Negate,
    2 => Absolute,
    3 => Exponential,
    4 => Logarithm,
    5 => Root,
    6 => Sigmoid,
    7 => HyperbolicTangent,
    8 => Relu,
    9 => Not,
    10 => IsMissing,
    11 => IsInfinite,
    12 => Floor,
    13 => Ceiling,
    14 => Nearest,
    15 => Sign,
    16 => Reciprocal,
    17 => ErrorFunction,
    18 => Softplus,
    19 => IsTrue,
    20 => Probit,
    21 => Truth,
});

impl Unary {
    /// By the name of its operator.
    pub(super) fn named(operator: &str) -> Option<Unary> {
        Some(match operator {
            "Identity" => Unary::Identity,
            "Neg" => Unary::Negate,
            "Abs" => Unary::Absolute,
            "Exp" => Unary::Exponential,
            "Log" => Unary::Logarithm,
            "Sqrt" => Unary::Root,
            "Sigmoid" => Unary::Sigmoid,
            "Tanh" => Unary::HyperbolicTangent,
            "Relu" => Unary::Relu,
            "Not" => Unary::Not,
            "IsNaN" => Unary::IsMissing,
            "IsInf" => Unary::IsInfinite,
            "Floor" => Unary::Floor,
            "Ceil" => Unary::Ceiling,
            "Round" => Unary::Nearest,
            "Sign" => Unary::Sign,
            "Reciprocal" => Unary::Reciprocal,
            "Erf" => Unary::ErrorFunction,
            "Softplus" => Unary::Softplus,
            "Bool" => Unary::IsTrue,
            "Probit" => Unary::Probit,
            "Truth" => Unary::Truth,
            _ => return None,
        })
    }
}

impl Unary {
    #[inline]
    pub(super) fn of(self, x: f64) -> f64 {
        let truth = |is: bool| f64::from(u8::from(is));
        match self {
            Unary::Identity => x,
            Unary::Negate => -x,
            Unary::Absolute => x.abs(),
            Unary::Exponential => x.exp(),
            Unary::Logarithm => x.ln(),
            Unary::Root => x.sqrt(),
            Unary::Sigmoid => {
                let tail = (-x.abs()).exp();
                if x >= 0.0 {
                    1.0 / (1.0 + tail)
                } else {
                    tail / (1.0 + tail)
                }
            }
            Unary::HyperbolicTangent => x.tanh(),
            // A comparison with NaN is false.
            Unary::Relu => {
                if x < 0.0 {
                    0.0
                } else {
                    x
                }
            }
            Unary::Not => truth(x == 0.0),
            Unary::IsMissing => truth(x.is_nan()),
            Unary::IsInfinite => truth(x.is_infinite()),
            Unary::Floor => x.floor(),
            Unary::Ceiling => x.ceil(),
            Unary::Nearest => x.round_ties_even(),
            Unary::Sign => {
                if x > 0.0 {
                    1.0
                } else if x < 0.0 {
                    -1.0
                } else {
                    x
                }
            }
            Unary::Reciprocal => 1.0 / x,
            Unary::ErrorFunction => {
                if x.is_nan() {
                    x
                } else {
                    erf(x)
                }
            }
            Unary::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
            Unary::IsTrue | Unary::Truth => truth(x != 0.0),
            Unary::Probit => {
                let share = 2.0 * x - 1.0;
                if share.abs() < 1.0 {
                    std::f64::consts::SQRT_2 * erf_inv(share)
                } else {
                    f64::NAN
                }
            }
        }
    }
}

/// A function of two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Least,
    Most,
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
    ExclusiveOr,
    Modulo,
    /// The second where the first is missing.
    IfMissing,
}

coded!(Binary {
    0 => Add,
    1 => Subtract,
    2 => Multiply,
    3 => Divide,
    4 => Power,
    5 => Least,
    6 => Most,
    7 => Equal,
    8 => Less,
    9 => LessOrEqual,
    10 => Greater,
    11 => GreaterOrEqual,
    12 => And,
    13 => Or,
    14 => ExclusiveOr,
    15 => Modulo,
    16 => IfMissing,
});

impl Binary {
    /// By the name of its operator.
    pub(super) fn named(operator: &str) -> Option<Binary> {
        Some(match operator {
            "Add" => Binary::Add,
            "Sub" => Binary::Subtract,
            "Mul" => Binary::Multiply,
            "Div" => Binary::Divide,
            "Pow" => Binary::Power,
            "Min" => Binary::Least,
            "Max" => Binary::Most,
            "Equal" => Binary::Equal,
            "Less" => Binary::Less,
            "LessOrEqual" => Binary::LessOrEqual,
            "Greater" => Binary::Greater,
            "GreaterOrEqual" => Binary::GreaterOrEqual,
            "And" => Binary::And,
            "Or" => Binary::Or,
            "Xor" => Binary::ExclusiveOr,
            "Mod" => Binary::Modulo,
            "IfMissing" => Binary::IfMissing,
            _ => return None,
        })
    }
}

impl Binary {
    #[inline]
    pub(super) fn of(self, a: f64, b: f64) -> f64 {
        let truth = |is: bool| f64::from(u8::from(is));
        match self {
            Binary::Add => a + b,
            Binary::Subtract => a - b,
            Binary::Multiply => a * b,
            Binary::Divide => a / b,
            Binary::Power => {
                if b == 2.0 {
                    a * a
                } else {
                    a.powf(b)
                }
            }
            // Those of ONNX give NaN where one is.
            Binary::Least => {
                if a.is_nan() || a < b {
                    a
                } else {
                    b
                }
            }
            Binary::Most => {
                if a.is_nan() || a > b {
                    a
                } else {
                    b
                }
            }
            Binary::Equal => truth(a == b),
            Binary::Less => truth(a < b),
            Binary::LessOrEqual => truth(a <= b),
            Binary::Greater => truth(a > b),
            Binary::GreaterOrEqual => truth(a >= b),
            Binary::And => truth(a != 0.0 && b != 0.0),
            Binary::Or => truth(a != 0.0 || b != 0.0),
            Binary::ExclusiveOr => truth((a != 0.0) != (b != 0.0)),
            Binary::Modulo => a - b * (a / b).floor(),
            Binary::IfMissing => {
                if a.is_nan() {
                    b
                } else {
                    a
                }
            }
        }
    }

    /// Whether it tells truths.
    pub(super) fn is_truth(self) -> bool {
        match self {
            Binary::Equal | Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => true,
            Binary::And | Binary::Or | Binary::ExclusiveOr => true,
            Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Power => false,
            Binary::Least | Binary::Most | Binary::Modulo | Binary::IfMissing => false,
        }
    }
}

/// What becomes of several numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fold {
    Sum,
    Mean,
    Least,
    Most,
    Product,
    SumOfSquares,
    Absolute,
    Length,
    LogSumExp,
    PlaceOfMost,
    PlaceOfLeast,
    /// As scales only: the softmax, its logarithm, and the softmax that leaves zeros alone.
    LogSoftmax,
    SoftmaxZero,
    LogSum,
}

coded!(Fold {
    0 => Sum,
    1 => Mean,
    2 => Least,
    3 => Most,
    4 => Product,
    5 => SumOfSquares,
    6 => Absolute,
    7 => Length,
    8 => LogSumExp,
    9 => PlaceOfMost,
    10 => PlaceOfLeast,
    11 => LogSoftmax,
    12 => SoftmaxZero,
    13 => LogSum,
});

impl Fold {
    /// By the name of its operator.
    pub(super) fn named(operator: &str) -> Option<Fold> {
        Some(match operator {
            "ReduceSum" => Fold::Sum,
            "ReduceMean" => Fold::Mean,
            "ReduceMin" => Fold::Least,
            "ReduceMax" => Fold::Most,
            "ReduceProd" => Fold::Product,
            "ReduceSumSquare" => Fold::SumOfSquares,
            "ReduceL1" => Fold::Absolute,
            "ReduceL2" => Fold::Length,
            "ReduceLogSumExp" => Fold::LogSumExp,
            "ArgMax" => Fold::PlaceOfMost,
            "ArgMin" => Fold::PlaceOfLeast,
            "LogSoftmax" => Fold::LogSoftmax,
            "SoftmaxZero" => Fold::SoftmaxZero,
            "ReduceLogSum" => Fold::LogSum,
            _ => return None,
        })
    }
}

impl Fold {
    pub(super) fn of(self, values: impl Iterator<Item = f64> + Clone) -> f64 {
        match self {
            Fold::Sum => values.sum(),
            Fold::Mean => {
                let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
                sum / count
            }
            Fold::Least => values.fold(f64::INFINITY, |least, value| Binary::Least.of(value, least)),
            Fold::Most => values.fold(f64::NEG_INFINITY, |most, value| Binary::Most.of(value, most)),
            Fold::Product => values.product(),
            Fold::SumOfSquares => values.map(|value| value * value).sum(),
            Fold::Absolute => values.map(f64::abs).sum(),
            Fold::Length => values.map(|value| value * value).sum::<f64>().sqrt(),
            Fold::LogSum => values.sum::<f64>().ln(),
            Fold::LogSumExp | Fold::LogSoftmax | Fold::SoftmaxZero => {
                let counts = |value: &f64| self != Fold::SoftmaxZero || *value != 0.0;
                let most = values
                    .clone()
                    .filter(counts)
                    .fold(f64::NEG_INFINITY, |most, value| Binary::Most.of(value, most));
                most + values
                    .filter(counts)
                    .map(|value| (value - most).exp())
                    .sum::<f64>()
                    .ln()
            }
            Fold::PlaceOfMost => first(values, |value, best| value > best),
            Fold::PlaceOfLeast => first(values, |value, best| value < best),
        }
    }

    /// A number of a group by what became of the group: divided by it, or the softmax.
    pub(super) fn scaled(self, value: f64, scale: f64) -> f64 {
        match self {
            Fold::LogSumExp => (value - scale).exp(),
            Fold::LogSoftmax => value - scale,
            Fold::SoftmaxZero => {
                if value == 0.0 {
                    0.0
                } else {
                    (value - scale).exp()
                }
            }
            Fold::Sum | Fold::Mean | Fold::Least | Fold::Most | Fold::Product | Fold::SumOfSquares => value / scale,
            Fold::Absolute | Fold::Length | Fold::LogSum | Fold::PlaceOfMost | Fold::PlaceOfLeast => {
                if scale == 0.0 {
                    value
                } else {
                    value / scale
                }
            }
        }
    }
}

/// The place of the first value that is better than all before it.
fn first(values: impl Iterator<Item = f64>, is_better: impl Fn(f64, f64) -> bool) -> f64 {
    let mut best = (0, f64::NAN);
    for (place, value) in values.enumerate() {
        if place == 0 || is_better(value, best.1) {
            best = (place, value);
        }
    }
    best.0 as f64
}
