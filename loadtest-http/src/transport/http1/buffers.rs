//! Memory to read into and to write from, shared by the connections of a thread.

use std::cell::Cell;

/// What one read takes at most.
const READ: usize = 64 * 1024;
/// A buffer that has grown beyond this is not kept.
const KEPT: usize = 64 * 1024;

/// The buffers of one thread. They are lent for a poll, in which an answer or a request mostly comes or goes whole;
/// a connection keeps only what a poll left over. So an idle connection holds no memory, and all work in the same few
/// cache lines.
#[derive(Default)]
pub(in crate::transport) struct Buffers {
    read: Cell<Option<Box<[u8]>>>,
    write: Cell<Vec<u8>>,
}

impl Buffers {
    pub(super) fn reading(&self) -> Box<[u8]> {
        self.read.take().unwrap_or_else(|| vec![0; READ].into())
    }

    pub(super) fn read(&self, buffer: Box<[u8]>) {
        self.read.set(Some(buffer));
    }

    /// Empty, and mostly with room.
    pub(super) fn writing(&self) -> Vec<u8> {
        self.write.take()
    }

    pub(super) fn written(&self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= KEPT {
            buffer.clear();
            self.write.set(buffer);
        }
    }
}
