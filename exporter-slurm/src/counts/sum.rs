//! Sums over rows of which one may not say its part.

use edctl_slurm::Field;

/// A sum over rows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sum<T> {
    /// No row says anything.
    #[default]
    Nothing,
    Of(T),
    /// Of a row the part cannot be read: without it the sum would be taken for the whole.
    Unknown,
}

/// What can be summed up; a sum that is too large stays at the largest number.
pub(crate) trait Part: Copy + Default {
    fn plus(self, more: Self) -> Self;
}

impl Part for u64 {
    fn plus(self, more: Self) -> Self {
        self.saturating_add(more)
    }
}

impl Part for f64 {
    fn plus(self, more: Self) -> Self {
        self + more
    }
}

impl<T: Part> Sum<T> {
    /// Adds what a row says.
    pub(crate) fn add(&mut self, part: Field<T>) {
        self.add_sum(part.map_or(Self::Unknown, Self::Of));
    }

    /// Adds what a row may say.
    pub(crate) fn add_some(&mut self, part: Field<Option<T>>) {
        if let Some(part) = part.transpose() {
            self.add(part);
        }
    }

    /// Adds another sum.
    pub(crate) fn add_sum(&mut self, more: Self) {
        *self = match (*self, more) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Nothing, sum) | (sum, Self::Nothing) => sum,
            (Self::Of(sum), Self::Of(more)) => Self::Of(sum.plus(more)),
        };
    }

    /// The sum, if it is known; 0 where no row says anything.
    pub(crate) fn known(self) -> Option<T> {
        match self {
            Self::Nothing => Some(T::default()),
            Self::Of(sum) => Some(sum),
            Self::Unknown => None,
        }
    }

    /// The sum, if it is known and some row says something.
    pub(crate) fn said(self) -> Option<T> {
        match self {
            Self::Of(sum) => Some(sum),
            Self::Nothing | Self::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use edctl_slurm::RowError;

    use super::*;

    #[test]
    fn a_sum_is_whole_or_not_known() {
        let sum = |parts: &[Field<Option<u64>>]| {
            let mut sum = Sum::default();
            parts.iter().for_each(|part| sum.add_some(*part));
            (sum.known(), sum.said())
        };
        let odd = Err(RowError::Number);
        assert_eq!(sum(&[]), (Some(0), None));
        assert_eq!(sum(&[Ok(None)]), (Some(0), None));
        assert_eq!(sum(&[Ok(None), Ok(Some(2)), Ok(Some(3))]), (Some(5), Some(5)));
        assert_eq!(sum(&[Ok(Some(u64::MAX)), Ok(Some(3))]), (Some(u64::MAX), Some(u64::MAX)));
        assert_eq!(sum(&[Ok(Some(2)), odd, Ok(Some(3))]), (None, None));
        assert_eq!(sum(&[odd, Ok(None)]), (None, None));
    }
}
