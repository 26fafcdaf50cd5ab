//! Many short strings in one allocation.

/// Strings that are only appended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    /// Appends one; false, and nothing is appended, if the sum would pass 4 GiB.
    #[must_use]
    pub(crate) fn push(&mut self, text: &str) -> bool {
        let Ok(end) = u32::try_from(self.text.len() + text.len()) else { return false };
        self.text.push_str(text);
        self.ends.push(end);
        true
    }

    pub(crate) fn get(&self, index: usize) -> Option<&str> {
        let end = place(*self.ends.get(index)?);
        let start = match index.checked_sub(1) {
            Some(previous) => place(*self.ends.get(previous)?),
            None => 0,
        };
        self.text.get(start..end)
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    pub(crate) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    pub(crate) fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>()
    }
}

/// A stored offset as an index.
pub(crate) fn place(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_given_back_as_they_were_pushed() {
        let mut strings = Strings::default();
        for text in ["a", "", "日本", "b"] {
            assert!(strings.push(text));
        }
        assert!(strings.iter().eq(["a", "", "日本", "b"]));
        assert_eq!((strings.get(2), strings.get(4)), (Some("日本"), None));
    }
}
