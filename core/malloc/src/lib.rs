//! `malloc` and `free` for C code compiled to `wasm32-unknown-unknown`, which has no C library.
//!
//! The C code of the voice activity detector allocates one small block per detector and frees it at the end; both come
//! from Rust's allocator. `include/` holds the few declarations that code takes from its headers, and `wasm-cc` is
//! the compiler as the build calls it. This is the only crate of the workspace with unsafe code.
//! On every other target it is empty.

#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]

use std::alloc::{Layout, alloc, dealloc};
use std::ptr::null_mut;

/// Room in front of every block for its size, as wide as the strictest alignment that C code may expect.
const HEAD: usize = 16;

/// Where `malloc` keeps the size of a block: blocks are aligned to HEAD, which suits a usize.
const fn size_of_block(head: *mut u8) -> *mut usize {
    head.cast()
}

/// C's `malloc`: `size` bytes aligned to 16, or null if there is no room.
#[unsafe(no_mangle)]
pub extern "C" fn malloc(size: usize) -> *mut u8 {
    let Some(layout) = block(size) else {
        return null_mut();
    };
    // SAFETY: the layout is never of size zero. The head is within the block and aligned for a usize.
    unsafe {
        let head = alloc(layout);
        if head.is_null() {
            return null_mut();
        }
        size_of_block(head).write(size);
        head.add(HEAD)
    }
}

/// C's `free`: takes back a block, or does nothing for null.
///
/// # Safety
/// `pointer` is null or came from [`malloc`] and was not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(pointer: *mut u8) {
    if pointer.is_null() {
        return;
    }
    // SAFETY: `malloc` wrote the size HEAD bytes before the pointer it gave out, and made the block of this layout.
    unsafe {
        let head = pointer.sub(HEAD);
        if let Some(layout) = block(size_of_block(head).read()) {
            dealloc(head, layout);
        }
    }
}

fn block(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(HEAD)?, HEAD).ok()
}
