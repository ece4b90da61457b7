//! Figures of classifiers, each with its definition, so that published numbers can be checked.

/// Share of equal labels.
#[must_use]
pub fn accuracy(truth: &[usize], predicted: &[usize]) -> f64 {
    let right = truth.iter().zip(predicted).filter(|(t, p)| t == p).count();
    right as f64 / truth.len().max(1) as f64
}

/// Mean F1 over the classes that occur in the truth.
#[must_use]
pub fn macro_f1(truth: &[usize], predicted: &[usize], classes: usize) -> f64 {
    let mut sum = 0.0;
    let mut occurring = 0;
    for class in 0..classes {
        let pairs = || truth.iter().zip(predicted);
        let hit = pairs().filter(|(t, p)| **t == class && **p == class).count() as f64;
        let wanted = truth.iter().filter(|t| **t == class).count() as f64;
        let said = predicted.iter().filter(|p| **p == class).count() as f64;
        if wanted > 0.0 {
            occurring += 1;
            sum += 2.0 * hit / (wanted + said);
        }
    }
    sum / f64::from(occurring.max(1))
}

/// Expected calibration error over 15 bins of equal width (Guo et al., 2017).
#[must_use]
pub fn ece(confidences: &[f32], right: &[bool]) -> f64 {
    const BINS: usize = 15;
    let mut bins = [(0.0_f64, 0.0_f64, 0.0_f64); BINS];
    for (confidence, right) in confidences.iter().zip(right) {
        let bin = ((f64::from(*confidence) * BINS as f64) as usize).min(BINS - 1);
        bins[bin].0 += 1.0;
        bins[bin].1 += f64::from(*confidence);
        bins[bin].2 += f64::from(u8::from(*right));
    }
    let gap: f64 = bins
        .iter()
        .map(|(_, confidence, right)| (confidence - right).abs())
        .sum();
    gap / confidences.len().max(1) as f64
}

/// Area under the ROC curve: how often a positive scores above a negative; ties count half.
#[must_use]
pub fn auroc(positives: &[f32], negatives: &[f32]) -> f64 {
    let mut all: Vec<(f32, bool)> = positives.iter().map(|s| (*s, true)).collect();
    all.extend(negatives.iter().map(|s| (*s, false)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut sum, mut at) = (0.0, 0);
    while at < all.len() {
        let tied = all[at..].iter().take_while(|(s, _)| *s == all[at].0).count();
        let rank = at as f64 + (tied as f64 + 1.0) / 2.0;
        sum += rank * all[at..at + tied].iter().filter(|(_, p)| *p).count() as f64;
        at += tied;
    }
    let (p, n) = (positives.len() as f64, negatives.len() as f64);
    if p * n > 0.0 {
        (sum - p * (p + 1.0) / 2.0) / (p * n)
    } else {
        f64::NAN
    }
}

/// Spearman's rank correlation; ties share their mean rank.
#[must_use]
pub fn spearman(a: &[f32], b: &[f32]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() as f64 + 1.0) / 2.0;
    let sum = |x: &[f64], y: &[f64]| -> f64 { x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum() };
    sum(&a, &b) / (sum(&a, &a) * sum(&b, &b)).sqrt()
}

fn ranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    for tied in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let first = order.partition_point(|at| values[*at] < values[tied[0]]);
        let rank = first as f64 + (tied.len() as f64 + 1.0) / 2.0;
        tied.iter().for_each(|at| ranks[*at] = rank);
    }
    ranks
}

/// The score below which `share` of these lie.
#[must_use]
pub fn quantile(scores: &[f32], share: f64) -> f32 {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f32::total_cmp);
    let at = (sorted.len() as f64 * share) as usize;
    sorted
        .get(at.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0.0)
}

/// Share of out-of-scope messages refused at the threshold that refuses 5 % of those in scope.
#[must_use]
pub fn oos_recall_at_5pct(in_scope: &[f32], out_of_scope: &[f32]) -> f64 {
    let threshold = quantile(in_scope, 0.05);
    let refused = out_of_scope.iter().filter(|s| **s < threshold).count();
    if out_of_scope.is_empty() {
        f64::NAN
    } else {
        refused as f64 / out_of_scope.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-6, "{a} is not {b}");
    }

    #[test]
    fn by_hand() {
        near(accuracy(&[0, 1, 1, 2], &[0, 1, 0, 2]), 0.75);
        // class 0: 2*1/(1+2); class 1: 2*1/(2+1); class 2: 1; class 3 does not occur.
        near(
            macro_f1(&[0, 1, 1, 2], &[0, 1, 0, 2], 4),
            (2.0 / 3.0 + 2.0 / 3.0 + 1.0) / 3.0,
        );
        near(ece(&[0.9, 0.9, 0.2], &[true, false, false]), (0.8 + 0.2) / 3.0);
        near(auroc(&[0.9, 0.5], &[0.5, 0.1]), (1.0 + 1.0 + 0.5 + 1.0) / 4.0);
        let in_scope: Vec<f32> = (0..100).map(|n| n as f32).collect();
        near(oos_recall_at_5pct(&in_scope, &[0.0, 4.9, 5.0, 50.0]), 0.5);
    }

    #[test]
    fn spearman_knows_order_only() {
        assert!((spearman(&[1.0, 2.0, 3.0], &[10.0, 20.0, 1000.0]) - 1.0).abs() < 1e-9);
        assert!((spearman(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]) + 1.0).abs() < 1e-9);
        // Ranks 1.5, 1.5, 3 against 1, 2, 3.
        assert!((spearman(&[1.0, 1.0, 2.0], &[1.0, 2.0, 3.0]) - 0.866).abs() < 1e-3);
    }
}
