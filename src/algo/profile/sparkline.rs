//! A histogram on a page of text.

use super::report::Bin;

/// One block a bin, the higher the more values it has: `▁▃█▂`; a space for a bin without values. Empty without bins.
pub fn sparkline(histogram: &[Bin]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = histogram.iter().map(|bin| bin.count).fold(0.0, f64::max);
    let block = |bin: &Bin| match bin.count / most {
        share if share > 0.0 => BLOCKS[((share * 8.0).ceil() as usize).clamp(1, 8) - 1],
        _ => ' ',
    };
    histogram.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_are_shares_of_the_highest() {
        let bins = |counts: &[f64]| -> Vec<Bin> {
            let bin = |&count: &f64| Bin {
                low: 0.0,
                high: 0.0,
                count,
            };
            counts.iter().map(bin).collect()
        };
        assert_eq!(sparkline(&bins(&[0.0, 1.0, 400.0, 401.0, 800.0])), " ▁▄▅█");
        assert_eq!(sparkline(&bins(&[0.0, 0.0])), "  ");
        assert_eq!(sparkline(&[]), "");
    }
}
