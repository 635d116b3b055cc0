//! What depends on what, without what is no asset: an ephemeral model, a metric.

use std::collections::HashSet;

/// The most steps past what is no asset.
const MOST_STEPS: usize = 5_000_000;

/// Pairs of nodes of which the second is made of the first, each with nothing between them but nodes that are no asset. `depends_on` has what
/// each node is made of, and may go in circles. `None` where that takes too long.
pub fn contracted(
    depends_on: &[Vec<usize>],
    is_asset: impl Fn(usize) -> bool,
    mut between: impl FnMut(),
) -> Option<Vec<(usize, usize)>> {
    let mut pairs = Vec::new();
    let mut steps = 0;
    for (node, nearest) in depends_on.iter().enumerate() {
        if !is_asset(node) {
            continue;
        }
        let mut seen = HashSet::new();
        let mut ahead = nearest.clone();
        while let Some(upstream) = ahead.pop() {
            steps += 1;
            if steps % 1024 == 0 {
                between();
            }
            if steps > MOST_STEPS {
                return None;
            }
            if upstream == node || !seen.insert(upstream) {
                continue;
            }
            if is_asset(upstream) {
                pairs.push((upstream, node));
            } else {
                ahead.extend(&depends_on[upstream]);
            }
        }
    }
    Some(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(depends_on: &[Vec<usize>], passed: &[usize]) -> Vec<(usize, usize)> {
        let mut pairs = contracted(depends_on, |node| !passed.contains(&node), || {}).unwrap();
        pairs.sort_unstable();
        pairs
    }

    #[test]
    fn what_is_no_asset_is_passed() {
        // 0 <- 1 <- 2 <- 3, and 3 reads 0 itself.
        let depends_on = [vec![], vec![0], vec![1], vec![2, 0]];
        assert_eq!(pairs(&depends_on, &[]), [(0, 1), (0, 3), (1, 2), (2, 3)]);
        assert_eq!(pairs(&depends_on, &[1, 2]), [(0, 3)]);
        assert_eq!(pairs(&depends_on, &[0]), [(1, 2), (2, 3)]);
    }

    #[test]
    fn circles_end() {
        let depends_on = [vec![2], vec![0], vec![1, 2]];
        assert_eq!(pairs(&depends_on, &[]), [(0, 1), (1, 2), (2, 0)]);
        assert_eq!(pairs(&depends_on, &[0, 1]), []);
        assert_eq!(pairs(&depends_on, &[1]), [(0, 2), (2, 0)]);
    }

    #[test]
    fn a_path_of_many_that_are_no_asset_is_given_up() {
        let length = 10_000;
        let mut depends_on: Vec<Vec<usize>> = (0..length)
            .map(|node: usize| node.checked_sub(1).into_iter().collect())
            .collect();
        depends_on.extend(std::iter::repeat_n(vec![length - 1], length));
        assert_eq!(contracted(&depends_on, |node| node >= length, || {}), None);
    }
}
