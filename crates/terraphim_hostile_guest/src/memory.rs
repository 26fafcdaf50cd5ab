//! Finds every mapping of its own process by the calls that a run has, and looks
//! for a mark in all that can be read.
//!
//! A mapping at a fixed place that must replace nothing is refused with EEXIST
//! exactly if something is there, whatever the limit of address space.
#![expect(unsafe_code, reason = "it reads memory that no value owns")]

use std::hint::black_box;

use crate::entry::{Entry, call};

const PAGE: u64 = 4096;
/// Where programs may have memory.
const SPACE: std::ops::Range<u64> = 0x1_0000..0x7fff_ffff_f000;
/// A mark is these words again and again.
const WORDS: usize = 4;
/// Keeps the scanner's own copy of the mark from being one.
const DISGUISE: u64 = 0x5bd1_e995_9e37_79b9;

static mut STATIC: [u64; 4096] = [0; 4096];

fn word(seed: u64, index: usize) -> u64 {
    let mut z = seed.wrapping_add((index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn number(value: i64) -> u64 {
    value.cast_unsigned()
}

/// Puts the mark into every kind of memory that a process has.
pub(crate) fn mark(seed: u64) -> i64 {
    let fill = |words: &mut [u64]| {
        for (index, slot) in words.iter_mut().enumerate() {
            *slot = word(seed, index % WORDS);
        }
    };
    let heap = Box::leak(vec![0_u64; 128 << 10].into_boxed_slice());
    fill(heap);
    let small = Box::leak(vec![0_u64; 64].into_boxed_slice());
    fill(small);
    let of_program = &raw mut STATIC;
    // SAFETY: the process has a single thread, and nobody else uses this.
    unsafe { fill(&mut *of_program) };
    let mut stack = [0_u64; 2048];
    fill(black_box(&mut stack));
    black_box(&stack);
    0
}

/// What a scan found.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) mapped: u64,
    pub(crate) readable: u64,
    pub(crate) marks: u64,
}

/// Looks through everything that this process can read.
pub(crate) fn scan(seed: u64) -> Found {
    let mut mark = [0; WORDS];
    for (index, slot) in mark.iter_mut().enumerate() {
        *slot = word(seed, index) ^ black_box(DISGUISE);
    }
    let mut found = Found::default();
    look(SPACE.start, SPACE.end, &mark, &mut found);
    found
}

fn look(start: u64, end: u64, mark: &[u64; WORDS], found: &mut Found) {
    if is_free(start, end - start) {
        return;
    }
    if end - start > PAGE {
        let middle = start + ((end - start) / 2).next_multiple_of(PAGE);
        look(start, middle, mark, found);
        look(middle, end, mark, found);
        return;
    }
    found.mapped += 1;
    if is_readable(start) {
        found.readable += 1;
        found.marks += marks(start, mark);
    }
}

fn is_free(start: u64, length: u64) -> bool {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED_NOREPLACE;
    let arguments = [start, length, 0, number(flags.into()), u64::MAX, 0];
    let placed = call(Entry::Native, number(libc::SYS_mmap), arguments);
    if placed >= 0 {
        call(Entry::Native, number(libc::SYS_munmap), [start, length, 0, 0, 0, 0]);
    }
    placed != -i64::from(libc::EEXIST)
}

/// The kernel reads the page for us, and says so if it cannot be read.
fn is_readable(page: u64) -> bool {
    let no_time = [0_i64; 2];
    let operation = u64::from((libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG).cast_unsigned());
    let arguments = [page, operation, 0x5eed_1234, no_time.as_ptr().addr() as u64, 0, 0];
    let answer = call(Entry::Native, number(libc::SYS_futex), arguments);
    answer != -i64::from(libc::EFAULT)
}

fn marks(page: u64, mark: &[u64; WORDS]) -> u64 {
    let words = std::ptr::with_exposed_provenance::<u64>(usize::try_from(page).unwrap_or(0));
    let mut in_a_row = 0;
    let mut marks = 0;
    for index in 0..PAGE as usize / 8 {
        // SAFETY: the kernel has just read this page, and nothing unmaps it meanwhile.
        let word = unsafe { words.add(index).read_volatile() } ^ black_box(DISGUISE);
        let expected = mark.get(in_a_row).copied().unwrap_or_default();
        in_a_row = if word == expected { in_a_row + 1 } else { usize::from(Some(&word) == mark.first()) };
        if in_a_row == WORDS {
            marks += 1;
            in_a_row = 0;
        }
    }
    marks
}
