//! Random inputs: what is in the corpus, changed here and there.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Numbers;

/// How long an input may take, on a busy machine too: more is a loop, or work out of proportion.
const SLOWEST: Duration = Duration::from_secs(20);
/// The longest input: longer ones are slower, and show nothing new.
const LONGEST: usize = 64 * 1024;

pub(super) struct Target<'a> {
    name: &'a str,
    check: &'a dyn Fn(&[u8]),
    directory: PathBuf,
}

impl<'a> Target<'a> {
    pub(super) fn new(name: &'a str, check: &'a dyn Fn(&[u8])) -> Self {
        let corpus = name.split('_').next().unwrap_or(name);
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz-corpus").join(corpus);
        Self { name, check, directory }
    }

    pub(super) fn run(&self) {
        let seconds = std::env::var("LOADTEST_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1.0);
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        let mut corpus = self.corpus();
        assert!(!corpus.is_empty(), "no corpus in {}", self.directory.display());
        for (path, input) in &corpus {
            eprintln!("{}", path.display());
            self.try_one(input, Some(path));
        }
        let mut numbers = Numbers::new(RandomState::new().hash_one(self.name));
        corpus.push((PathBuf::new(), Vec::new()));
        let mut runs = corpus.len();
        while Instant::now() < until {
            self.try_one(&changed(&corpus, &mut numbers), None);
            runs += 1;
        }
        // In the words of libFuzzer, for who reads both.
        eprintln!("Done {runs} runs in {seconds} second(s)");
    }

    /// In the order of their names.
    fn corpus(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let files = fs::read_dir(&self.directory).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut corpus: Vec<_> = files.filter_map(|path| fs::read(&path).ok().map(|input| (path, input))).collect();
        corpus.sort();
        corpus
    }

    fn try_one(&self, input: &[u8], path: Option<&Path>) {
        let started = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.check)(input)));
        let took = started.elapsed();
        if outcome.is_ok() && took < SLOWEST {
            return;
        }
        let kept = path.map_or_else(|| self.keep(input), Path::to_path_buf);
        eprintln!("this input fails, after {took:?}: {}\n{:?}", kept.display(), String::from_utf8_lossy(input));
        if let Err(panic) = outcome {
            resume_unwind(panic);
        }
        panic!("an input takes {took:?}");
    }

    /// A file in the corpus, named after its content.
    fn keep(&self, input: &[u8]) -> PathBuf {
        let path = self.directory.join(format!("found-{:016x}", Numbers::of(input).0));
        fs::write(&path, input).expect("the corpus can be written to");
        path
    }
}

/// One of these, with a few changes.
fn changed(corpus: &[(PathBuf, Vec<u8>)], numbers: &mut Numbers) -> Vec<u8> {
    let one = |numbers: &mut Numbers| corpus.get(numbers.below(corpus.len())).map_or(&[][..], |(_, input)| input);
    let mut input = one(numbers).to_vec();
    for _ in 0..=numbers.below(5) {
        let start = numbers.below(input.len() + 1);
        let few = if numbers.below(4) == 0 { input.len() } else { 4 };
        let end = (start + numbers.below(few + 1)).min(input.len());
        let with = match numbers.below(7) {
            0 => Vec::new(),
            1 => vec![numbers.below(256) as u8],
            2 => (0..numbers.below(20)).map(|_| numbers.below(256) as u8).collect(),
            3 => piece(&input, numbers).repeat(1 + numbers.below(3)),
            4 => piece(&input, numbers).iter().map(|byte| byte ^ (1 << numbers.below(8))).collect(),
            5 => LIKELY.get(numbers.below(LIKELY.len())).map_or_else(Vec::new, |text| text.to_vec()),
            _ => piece(one(numbers), numbers).to_vec(),
        };
        // Put in, or in the place of something.
        let end = if numbers.below(2) == 0 { start } else { end };
        input.splice(start..end, with);
    }
    input.truncate(LONGEST);
    input
}

/// What parsers look for, and what their arithmetic stumbles over.
const LIKELY: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"\0",
    b" ",
    b"\t",
    b":",
    b";",
    b",",
    b"=",
    b"|",
    b"/",
    b"..",
    b"%2e",
    b"?",
    b"#",
    b"@",
    b"[",
    b"\"",
    b"0",
    b"-1",
    b"255",
    b"65536",
    b"4294967296",
    b"9223372036854775807",
    b"18446744073709551615",
    b"18446744073709551616",
    b"ffffffffffffffff",
    b"\xff\xff\xff\xff",
    b"\xc3\xbc",
    b"\xef\xbb\xbf",
];

fn piece<'a>(input: &'a [u8], numbers: &mut Numbers) -> &'a [u8] {
    let start = numbers.below(input.len() + 1);
    let most = if numbers.below(4) == 0 { input.len() } else { 32 };
    let end = (start + numbers.below(most + 1)).min(input.len());
    input.get(start..end).unwrap_or_default()
}
