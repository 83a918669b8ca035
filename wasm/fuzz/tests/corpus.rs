//! What fuzzing kept is tried again, in the time that a test may take.

use std::fs;
use std::path::Path;

#[test]
fn parse() {
    replay("parse", konserve_fuzz::parse::run);
}

#[test]
fn frame() {
    replay("frame", konserve_fuzz::frame::run);
}

#[test]
fn lz4() {
    replay("lz4", konserve_fuzz::lz4::run);
}

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut files = 0;
    for entry in fs::read_dir(folder).expect("a corpus") {
        let path = entry.expect("an entry").path();
        // What a test prints is shown if it fails.
        println!("{}", path.display());
        run(&fs::read(path).expect("a file"));
        files += 1;
    }
    assert!(files > 0, "the corpus is empty");
}
