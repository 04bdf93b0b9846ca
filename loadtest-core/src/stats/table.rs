//! Figures by number, of which an interval hands over those that changed.

/// A share of counts, 0 to 1; `None` of nothing.
#[expect(clippy::cast_precision_loss, reason = "a ratio of counts below 2^53")]
pub(crate) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Figures that can be added up and used again.
pub(crate) trait Figures: Clone + Default {
    /// Adds all of `other`.
    fn merge(&mut self, other: &Self);
    /// Forgets everything and keeps the memory.
    fn clear(&mut self);
    /// Forgets everything but what is in flight, so that the books still hold afterwards.
    fn reset(&mut self);
}

/// A row's number within one recorder.
pub(crate) type RowId = u32;

#[derive(Debug, Default)]
struct Row<S> {
    figures: S,
    touched: bool,
}

/// The rows of one shard between two ticks.
#[derive(Debug, Default)]
pub(crate) struct Table<S> {
    /// By number; only those in `touched` hold anything.
    rows: Vec<Row<S>>,
    touched: Vec<RowId>,
}

impl<S: Figures> Table<S> {
    /// The row of this number, which from now on belongs to what is handed over.
    #[inline]
    pub(crate) fn row(&mut self, id: RowId) -> &mut S {
        let index = id as usize;
        if self.rows.get(index).is_some_and(|row| row.touched) {
            return &mut self.rows[index].figures;
        }
        self.touch(id)
    }

    /// The first of this row since it was cleared.
    #[cold]
    fn touch(&mut self, id: RowId) -> &mut S {
        let index = id as usize;
        if index >= self.rows.len() {
            self.rows.resize_with(index + 1, || Row { figures: S::default(), touched: false });
        }
        self.touched.push(id);
        let row = &mut self.rows[index];
        row.touched = true;
        &mut row.figures
    }

    /// Every row in which something happened.
    pub(crate) fn touched(&self) -> impl Iterator<Item = (RowId, &S)> {
        self.touched.iter().map(|id| (*id, &self.rows[*id as usize].figures))
    }

    /// Forgets everything and keeps the memory.
    pub(crate) fn clear(&mut self) {
        for id in self.touched.drain(..) {
            let row = &mut self.rows[id as usize];
            row.figures.clear();
            row.touched = false;
        }
    }
}
