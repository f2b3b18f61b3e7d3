//! Pairs of two kinds of things that are nearest to each other, all together.

/// Which figure each statement takes so that all together are nearest: the Hungarian method (Kuhn 1955), by shortest
/// augmenting paths. What is as far as `unread` is left.
pub(super) fn nearest_pairs(fars: &[Vec<usize>], unread: usize) -> Vec<Option<usize>> {
    let rows = fars.len();
    let size = rows.max(fars.first().map_or(0, Vec::len));
    let cost = |row: usize, column: usize| {
        fars.get(row)
            .and_then(|row| row.get(column))
            .copied()
            .unwrap_or(unread) as i64
    };
    // Counted from 1; 0 stands for nothing yet.
    let (mut by_row, mut by_column) = (vec![0_i64; size + 1], vec![0_i64; size + 1]);
    let (mut row_of, mut way) = (vec![0; size + 1], vec![0; size + 1]);
    for row in 1..=size {
        row_of[0] = row;
        let mut column = 0;
        let (mut least, mut seen) = (vec![i64::MAX; size + 1], vec![false; size + 1]);
        while row_of[column] != 0 {
            seen[column] = true;
            let (from, mut step, mut next) = (row_of[column], i64::MAX, 0);
            for other in (1..=size).filter(|other| !seen[*other]) {
                let reduced = cost(from - 1, other - 1) - by_row[from] - by_column[other];
                if reduced < least[other] {
                    (least[other], way[other]) = (reduced, column);
                }
                if least[other] < step {
                    (step, next) = (least[other], other);
                }
            }
            for other in 0..=size {
                if seen[other] {
                    by_row[row_of[other]] += step;
                    by_column[other] -= step;
                } else {
                    least[other] = least[other].saturating_sub(step);
                }
            }
            column = next;
        }
        while column != 0 {
            row_of[column] = row_of[way[column]];
            column = way[column];
        }
    }
    let mut read = vec![None; rows];
    for (column, row) in row_of.iter().enumerate().skip(1) {
        if *row <= rows && cost(row - 1, column - 1) < unread as i64 {
            read[row - 1] = Some(column - 1);
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNREAD: usize = 200;

    #[test]
    fn all_pairs_together_are_nearest() {
        // The nearest pair of all (3) would leave the second statement 60: 5 + 10 is less than 3 + 60.
        assert_eq!(
            nearest_pairs(&[vec![5, 3], vec![60, 10]], UNREAD),
            [Some(0), Some(1)]
        );
        assert_eq!(
            nearest_pairs(&[vec![UNREAD, 3], vec![UNREAD, 9]], UNREAD),
            [Some(1), None]
        );
        assert_eq!(
            nearest_pairs(&[vec![7], vec![7], vec![7]], UNREAD)
                .iter()
                .flatten()
                .count(),
            1
        );
        assert_eq!(nearest_pairs(&[], UNREAD), []);
        assert_eq!(nearest_pairs(&[vec![]], UNREAD), [None]);
    }
}
