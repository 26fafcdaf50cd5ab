//! The allocators of the guest. Rust's is the system's, except that running
//! out of memory ends the process with a code that the host can name. The
//! interpreter's heap is the system's too, with a limit of its own that says
//! afterwards whether it was reached.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    rc::Rc,
};

use rquickjs::allocator::Allocator;
use terraphim_sandbox_protocol::EXIT_OUT_OF_MEMORY;

/// Heap that a failed program may still use to say why, in bytes.
const LAST_WORDS_BYTES: usize = 4 << 20;

/// The system's allocator, except that it ends the process with
/// [`EXIT_OUT_OF_MEMORY`] instead of refusing.
#[derive(Debug)]
pub struct EndWhenFull;

fn or_end(pointer: *mut u8) -> *mut u8 {
    if pointer.is_null() {
        super::exit_now(EXIT_OUT_OF_MEMORY);
    }
    pointer
}

// SAFETY: every call goes to the system allocator with the caller's own layout;
// the only addition is that a null result ends the process.
unsafe impl GlobalAlloc for EndWhenFull {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`.
        or_end(unsafe { System.alloc(layout) })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        or_end(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `realloc`.
        or_end(unsafe { System.realloc(pointer, layout, size) })
    }
}

/// The interpreter's heap: how much it may hold and whether it was refused.
#[derive(Default)]
pub(crate) struct Heap {
    used: Cell<usize>,
    limit: Cell<Option<usize>>,
    was_full: Cell<bool>,
}

impl Heap {
    /// Limits what the heap may hold from now on, in bytes.
    pub(crate) fn limit(&self, bytes: usize) {
        self.limit.set(Some(bytes));
        self.was_full.set(false);
    }

    /// Whether an allocation was refused for the limit.
    pub(crate) fn was_full(&self) -> bool {
        self.was_full.get()
    }

    /// Whether `more` bytes may be had. The first refusal grants a little more
    /// for the future, so that the program's failure can be put into words.
    fn admits(&self, more: usize) -> bool {
        let Some(limit) = self.limit.get() else { return true };
        if self.used.get().saturating_add(more) <= limit {
            return true;
        }
        if !self.was_full.replace(true) {
            self.limit.set(Some(limit.saturating_add(LAST_WORDS_BYTES)));
        }
        false
    }

    fn add(&self, pointer: *mut u8) -> *mut u8 {
        if pointer.is_null() {
            self.was_full.set(true);
        } else {
            self.used.set(self.used.get().saturating_add(usable(pointer)));
        }
        pointer
    }
}

/// Bytes behind a pointer of this module's `malloc`.
fn usable(pointer: *mut u8) -> usize {
    // SAFETY: every pointer that reaches this function came from malloc, or is null, which is allowed.
    unsafe { libc::malloc_usable_size(pointer.cast()) }
}

/// The interpreter's allocator over a shared [`Heap`].
pub(crate) struct HeapAllocator(pub(crate) Rc<Heap>);

// SAFETY: all memory comes from the C library's malloc family, whose blocks are
// aligned for any type and know their usable size.
unsafe impl Allocator for HeapAllocator {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        if !self.0.admits(size) {
            return std::ptr::null_mut();
        }
        // SAFETY: malloc takes any size.
        self.0.add(unsafe { libc::malloc(size) }.cast())
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        if !self.0.admits(count.saturating_mul(size)) {
            return std::ptr::null_mut();
        }
        // SAFETY: calloc takes any sizes and refuses what overflows.
        self.0.add(unsafe { libc::calloc(count, size) }.cast())
    }

    unsafe fn dealloc(&mut self, pointer: *mut u8) {
        self.0.used.set(self.0.used.get().saturating_sub(usable(pointer)));
        // SAFETY: the pointer came from this allocator and is given back once.
        unsafe { libc::free(pointer.cast()) };
    }

    unsafe fn realloc(&mut self, pointer: *mut u8, size: usize) -> *mut u8 {
        let before = usable(pointer);
        if size > before && !self.0.admits(size - before) {
            return std::ptr::null_mut();
        }
        // SAFETY: the pointer came from this allocator; on failure it stays valid.
        let moved = unsafe { libc::realloc(pointer.cast(), size) }.cast();
        let moved = self.0.add(moved);
        if !moved.is_null() {
            self.0.used.set(self.0.used.get().saturating_sub(before));
        }
        moved
    }

    unsafe fn usable_size(pointer: *mut u8) -> usize {
        usable(pointer)
    }
}
