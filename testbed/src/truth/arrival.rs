//! When bytes arrived: what the kernel says, where it does.
//!
//! A server whose core was somebody else's sees a request later than it could be read, and would count the time until then
//! to nobody.

use std::io;
use std::time::Instant;
#[cfg(target_os = "linux")]
use std::time::{Duration, SystemTime};

use mio::net::TcpStream;

/// No thread is kept from its core for longer.
#[cfg(target_os = "linux")]
const OLDEST: Duration = Duration::from_secs(1);

/// Reads what is there; with it, when the last of it arrived, if the kernel tells.
#[cfg(target_os = "linux")]
pub(super) fn read(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<(usize, Option<Instant>)> {
    use std::io::IoSliceMut;
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
    use nix::sys::time::TimeSpec;

    let mut control = nix::cmsg_space!(TimeSpec);
    let mut slices = [IoSliceMut::new(buffer)];
    let message = recvmsg::<()>(stream.as_raw_fd(), &mut slices, Some(&mut control), MsgFlags::empty())?;
    let stamp = message.cmsgs()?.find_map(|message| match message {
        ControlMessageOwned::ScmTimestampns(time) => Some(Duration::from(time)),
        _ => None,
    });
    // The kernel's time is that of the calendar. If that was set in between, nothing was told.
    let age = stamp.and_then(|stamp| SystemTime::UNIX_EPOCH.elapsed().ok()?.checked_sub(stamp));
    let age = age.filter(|age| *age < OLDEST);
    Ok((message.bytes, age.and_then(|age| Instant::now().checked_sub(age))))
}

/// Asks the kernel to remember.
#[cfg(target_os = "linux")]
pub(super) fn remember(stream: &TcpStream) -> io::Result<()> {
    Ok(nix::sys::socket::setsockopt(stream, nix::sys::socket::sockopt::ReceiveTimestampns, &true)?)
}

/// Reads what is there.
#[cfg(not(target_os = "linux"))]
pub(super) fn read(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<(usize, Option<Instant>)> {
    use std::io::Read;
    Ok(((&*stream).read(buffer)?, None))
}

/// Other systems are not asked.
#[cfg(not(target_os = "linux"))]
pub(super) fn remember(_stream: &TcpStream) -> io::Result<()> {
    Ok(())
}
