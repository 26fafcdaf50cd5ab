//! A place in one line, with the column that tabs make of it.

/// Columns from one tab stop to the next.
const TAB: usize = 4;

/// A line that is read from its left. Blanks are columns: a tab may be taken in part.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'t> {
    line: &'t str,
    at: usize,
    column: usize,
    /// Columns of a tab that was taken in part, which are still to come.
    rest_of_tab: usize,
}

impl<'t> Cursor<'t> {
    pub(crate) fn new(line: &'t str) -> Self {
        Self { line, at: 0, column: 0, rest_of_tab: 0 }
    }

    /// What is left, without the blanks of a tab that was taken in part.
    pub(crate) fn rest(&self) -> &'t str {
        self.line.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.rest().bytes().all(|byte| matches!(byte, b' ' | b'\t'))
    }

    /// Columns of blanks from here, counted up to `most`.
    pub(crate) fn indent(&self, most: usize) -> usize {
        let (mut column, mut wide) = (self.column, self.rest_of_tab);
        column += self.rest_of_tab;
        for byte in self.rest().bytes() {
            let width = match byte {
                b' ' => 1,
                b'\t' => TAB - column % TAB,
                _ => break,
            };
            if wide >= most {
                break;
            }
            wide += width;
            column += width;
        }
        wide.min(most)
    }

    /// Takes up to that many columns of blanks, and says how many there were.
    pub(crate) fn take_blanks(&mut self, columns: usize) -> usize {
        let mut left = columns;
        while left > 0 {
            if self.rest_of_tab > 0 {
                let part = left.min(self.rest_of_tab);
                self.rest_of_tab -= part;
                self.column += part;
                left -= part;
                continue;
            }
            match self.rest().bytes().next() {
                Some(b' ') => {
                    self.at += 1;
                    self.column += 1;
                    left -= 1;
                }
                Some(b'\t') => {
                    self.at += 1;
                    self.rest_of_tab = TAB - self.column % TAB;
                }
                _ => break,
            }
        }
        columns - left
    }

    /// Takes that many bytes, which are no blanks and each one column wide.
    pub(crate) fn take(&mut self, bytes: usize) {
        self.at += bytes;
        self.column += bytes;
    }

    /// Takes the marker of a quote with the blank behind it, if the line has one here.
    pub(crate) fn take_quote(&mut self) -> bool {
        if self.indent(4) == 4 || !self.rest().trim_start_matches([' ', '\t']).starts_with('>') {
            return false;
        }
        self.take_blanks(3);
        self.take(1);
        self.take_blanks(1);
        true
    }

    /// The line from here on, with what is left of a tab as spaces.
    pub(crate) fn push_rest(&self, text: &mut String) {
        text.extend(std::iter::repeat_n(' ', self.rest_of_tab));
        text.push_str(self.rest());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_is_taken_in_part() {
        let mut cursor = Cursor::new(" \tx");
        assert_eq!(cursor.indent(9), 4);
        assert_eq!(cursor.take_blanks(2), 2);
        assert_eq!(cursor.indent(9), 2);
        let mut rest = String::new();
        cursor.push_rest(&mut rest);
        assert_eq!(rest, "  x");
        assert_eq!(cursor.take_blanks(9), 2);
        assert_eq!(cursor.rest(), "x");
    }
}
