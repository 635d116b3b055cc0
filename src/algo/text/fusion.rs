//! One order of several: reciprocal rank fusion (Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
//! Learning Methods", SIGIR 2009).

use hashbrown::HashMap;

use super::bm25::Found;

/// What is added to ranks before they divide, so that the first ones do not decide alone: the authors' value.
const K: f64 = 60.0;

/// Orders of documents, each the best first, as one, the best first. A document is worth the sum of 1 / (60 + rank) over the orders that have it; of
/// equal ones the one that stands higher in the first order that tells them apart comes first, and then the one with the smaller number.
pub fn fuse(orders: &[Vec<i64>]) -> Vec<Found> {
    let mut ranks: HashMap<i64, Vec<usize>> = HashMap::new();
    for (order, documents) in orders.iter().enumerate() {
        for (place, document) in documents.iter().enumerate() {
            let own = ranks.entry(*document).or_insert_with(|| vec![usize::MAX; orders.len()]);
            own[order] = own[order].min(place + 1);
        }
    }
    let mut fused: Vec<(Found, Vec<usize>)> = (ranks.into_iter())
        .map(|(document, ranks)| {
            let present = ranks.iter().filter(|rank| **rank != usize::MAX);
            let score = present.map(|rank| 1.0 / (K + *rank as f64)).sum();
            (Found { document, score }, ranks)
        })
        .collect();
    fused.sort_by(|(a, ranks_a), (b, ranks_b)| {
        (b.score.total_cmp(&a.score))
            .then_with(|| ranks_a.cmp(ranks_b))
            .then(a.document.cmp(&b.document))
    });
    fused.into_iter().map(|(found, _)| found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_find_comes_first() {
        let fused = fuse(&[vec![7, 1, 2], vec![3, 1]]);
        let order: Vec<i64> = fused.iter().map(|found| found.document).collect();
        assert_eq!(order, [1, 7, 3, 2]);
        assert!((fused[0].score - 2.0 / 62.0).abs() < 1e-15);
        assert!((fused[1].score - 1.0 / 61.0).abs() < 1e-15);
    }

    #[test]
    fn the_first_order_decides_between_equals() {
        let order: Vec<i64> = fuse(&[vec![9, 8], vec![8, 9]])
            .iter()
            .map(|found| found.document)
            .collect();
        assert_eq!(order, [9, 8]);
        assert!(fuse(&[Vec::new(), Vec::new()]).is_empty());
    }
}
