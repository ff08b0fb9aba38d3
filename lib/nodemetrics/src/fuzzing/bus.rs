//! A bus that says what is tried, whatever it is asked.

use std::fs;
use std::io::{self, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use crate::fuzzing::subject::{Parser, collector, page, paths};

pub(super) fn systemd(tree: &Path) -> Parser {
    let paths = paths(tree);
    let place = paths.rootfs.join("run/dbus");
    fs::create_dir_all(&place).expect("a tree that may be written");
    let listener = UnixListener::bind(place.join("system_bus_socket")).expect("a place for a bus");
    let (sender, receiver) = channel();
    std::thread::spawn(move || serve(&listener, &receiver));
    Box::new(move |input| {
        sender.send(input.to_vec()).expect("a bus that is there");
        let _page = page(&mut *collector("systemd", &paths));
    })
}

/// One connection for each input.
fn serve(listener: &UnixListener, inputs: &Receiver<Vec<u8>>) {
    for (input, stream) in inputs.iter().zip(listener.incoming()) {
        let stream = stream.expect("a collector that connects");
        // It may have heard enough, and left.
        let _left = say(&stream, &input);
    }
}

fn say(mut stream: &UnixStream, input: &[u8]) -> io::Result<()> {
    stream.write_all(input)?;
    stream.shutdown(Shutdown::Write)?;
    io::copy(&mut stream, &mut io::sink()).map(|_| ())
}
