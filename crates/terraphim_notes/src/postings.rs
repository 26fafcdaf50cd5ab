//! Reads where words and phrases occur.

use tantivy::{
    DocSet, SegmentReader, TERMINATED, TantivyError, Term,
    postings::{Postings, SegmentPostings},
    schema::{Field, IndexRecordOption},
};

/// Tells in which living documents of a segment a phrase occurs, and how often.
pub(crate) fn in_segment(
    reader: &SegmentReader,
    field: Field,
    phrase: &[String],
    mut tell: impl FnMut(u32, u32),
) -> Result<(), TantivyError> {
    let index = reader.inverted_index(field)?;
    let option = if phrase.len() > 1 {
        IndexRecordOption::WithFreqsAndPositions
    } else {
        IndexRecordOption::WithFreqs
    };
    let mut postings: Vec<SegmentPostings> = Vec::with_capacity(phrase.len());
    for token in phrase {
        let Some(found) = index.read_postings(&Term::from_field_text(field, token), option)? else {
            return Ok(());
        };
        postings.push(found);
    }
    let Some((first, others)) = postings.split_first_mut() else { return Ok(()) };
    let (mut starts, mut positions) = (Vec::new(), Vec::new());
    while first.doc() != TERMINATED {
        let doc = first.doc();
        let together = others.iter_mut().all(|other| {
            let at = if other.doc() < doc { other.seek(doc) } else { other.doc() };
            at == doc
        });
        if together && !reader.is_deleted(doc) {
            let count = if others.is_empty() {
                first.term_freq()
            } else {
                first.positions(&mut starts);
                for (offset, other) in (1..).zip(others.iter_mut()) {
                    other.positions(&mut positions);
                    starts.retain(|start| positions.binary_search(&(start + offset)).is_ok());
                }
                u32::try_from(starts.len()).unwrap_or(u32::MAX)
            };
            if count > 0 {
                tell(doc, count);
            }
        }
        first.advance();
    }
    Ok(())
}
