//! The files of `--cacert`, `--cert` and `--key`, read before anything is started.

use std::path::Path;

use crate::error::InputError;
use crate::tls::TlsOptions;

/// Lets the files win over what was set in code.
///
/// # Errors
/// When one cannot be read or holds something else, with the flag and the file.
pub(super) fn apply(
    mut tls: TlsOptions,
    roots: &[impl AsRef<Path>],
    cert: Option<&Path>,
    key: Option<&Path>,
) -> Result<TlsOptions, InputError> {
    if !roots.is_empty() {
        tls.root_certificates =
            roots.iter().map(|file| read("--cacert", file.as_ref(), CERTIFICATE)).collect::<Result<_, _>>()?;
    }
    match (cert, key) {
        (Some(cert), key) => tls.client_identity = Some(identity(cert, key)?),
        (None, Some(_)) => {
            return Err(InputError::new("--key: a key alone is no identity; give its certificate with --cert FILE"));
        }
        (None, None) => {}
    }
    Ok(tls)
}

/// How the blocks that are looked for end their first line: `-----BEGIN EC PRIVATE KEY-----`, say.
const CERTIFICATE: &str = "CERTIFICATE-----";
const KEY: &str = "PRIVATE KEY-----";

/// Certificate and key in one text, from two files or one.
fn identity(cert: &Path, key: Option<&Path>) -> Result<Vec<u8>, InputError> {
    let mut pem = read("--cert", cert, CERTIFICATE)?;
    match key {
        Some(key) => {
            pem.push(b'\n');
            pem.extend(read("--key", key, KEY)?);
        }
        None if !contains(&pem, KEY) => {
            let cert = cert.display();
            return Err(InputError::new(format!("--cert: {cert} holds no private key; give it with --key FILE")));
        }
        None => {}
    }
    Ok(pem)
}

fn read(flag: &str, file: &Path, block: &str) -> Result<Vec<u8>, InputError> {
    let name = file.display();
    let pem = std::fs::read(file).map_err(|error| {
        InputError::new(format!("{flag}: {name} cannot be read: {error}; give a PEM file that there is"))
    })?;
    if !contains(&pem, block) {
        let block = block.trim_end_matches('-');
        return Err(InputError::new(format!(
            "{flag}: {name} is no PEM file with a {}: it has no line -----BEGIN …{block}-----",
            block.to_lowercase()
        )));
    }
    check_blocks(&pem).map_err(|what| InputError::new(format!("{flag}: {name} is malformed PEM: {what}")))?;
    Ok(pem)
}

/// The blocks that clients decode; others may lie beside them and look as they like.
const DECODED: [&[u8]; 4] = [b"CERTIFICATE", b"PRIVATE KEY", b"RSA PRIVATE KEY", b"EC PRIVATE KEY"];

/// Whether each block has an end and base64 inside. What the bytes mean, the client says.
fn check_blocks(pem: &[u8]) -> Result<(), String> {
    let mut lines = pem.split(|byte| matches!(byte, b'\n' | b'\r'));
    while let Some(line) = lines.next() {
        let Some(label) = label(line).filter(|label| DECODED.contains(label)) else { continue };
        let name = String::from_utf8_lossy(label);
        let mut text = Vec::new();
        loop {
            let Some(line) = lines.next().filter(|line| !line.starts_with(b"-----BEGIN ")) else {
                return Err(format!("a block has no line -----END {name}-----; give the whole file"));
            };
            if ends(line, label) {
                break;
            }
            text.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
        }
        check_base64(&text).map_err(|what| format!("a block -----BEGIN {name}----- {what}"))?;
    }
    Ok(())
}

/// What the block is that starts with this line.
fn label(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix(b"-----BEGIN ")?.trim_ascii_end().strip_suffix(b"-----")
}

fn ends(line: &[u8], label: &[u8]) -> bool {
    let rest = line.strip_prefix(b"-----END ").and_then(|rest| rest.strip_prefix(label));
    rest.is_some_and(|rest| rest.starts_with(b"-----"))
}

/// Without padding is fine, as clients take it.
fn check_base64(text: &[u8]) -> Result<(), String> {
    let digits = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let (digits, padding) = text.split_at(digits);
    if digits.starts_with(b"Proc-Type:") {
        return Err("is encrypted; decrypt it first: `openssl pkey -in FILE -out NEW`".to_owned());
    }
    if digits.is_empty() {
        return Err("is empty; give the whole file".to_owned());
    }
    if let Some(&other) =
        digits.iter().find(|byte| !matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/'))
    {
        return Err(format!("holds {:?}, which is no base64", char::from(other)));
    }
    let whole = padding.is_empty() || padding.len() <= 2 && text.len().is_multiple_of(4);
    if digits.len() % 4 == 1 || !whole {
        return Err(format!(
            "holds {} characters of base64, which is no whole number of bytes; is a line cut?",
            text.len()
        ));
    }
    Ok(())
}

fn contains(pem: &[u8], block: &str) -> bool {
    pem.windows(block.len()).any(|window| window == block.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: &[&Path] = &[];

    fn message(result: Result<TlsOptions, InputError>) -> String {
        result.expect_err("bad input").to_string()
    }

    fn block(label: &str, text: &str) -> String {
        format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
    }

    #[test]
    fn blocks_that_clients_decode_hold_whole_base64() {
        for text in ["AAAA", "AAA", "AA", "AAA=", "AA==", "AAAA\nAAA=", "AAAA\r\n AA==\t", "aZ0+/w=="] {
            let pem = block("CERTIFICATE", text);
            assert_eq!(check_blocks(pem.as_bytes()), Ok(()), "{pem}");
        }
        for (text, expected) in [
            ("", "is empty"),
            ("==", "is empty"),
            ("A", "holds 1 characters"),
            ("AAAAA", "holds 5 characters"),
            ("AA=", "holds 3 characters"),
            ("AAAA====", "holds 8 characters"),
            ("A===", "holds 4 characters"),
            ("AA=A", "holds '='"),
            ("AA==\nAAAA", "holds '='"),
            ("AA-_", "holds '-'"),
            ("AA\u{e4}", "no base64"),
            ("Proc-Type: 4,ENCRYPTED\n\nAAAA", "is encrypted; decrypt it"),
            ("AAAA\n-----END PRIVATE KEY-----", "holds '-'"),
        ] {
            let error = check_blocks(block("CERTIFICATE", text).as_bytes()).expect_err(text);
            assert!(error.contains("-----BEGIN CERTIFICATE-----") && error.contains(expected), "{text:?}: {error}");
        }
        let whole = block("CERTIFICATE", "AAAA");
        for pem in [&whole[..30], "-----BEGIN CERTIFICATE-----", &format!("{}{whole}", &whole[..33])] {
            let error = check_blocks(pem.as_bytes()).expect_err(pem);
            assert!(error.contains("no line -----END CERTIFICATE-----"), "{pem:?}: {error}");
        }
        let beside = format!("subject: one\n{}{whole}", block("TRUSTED CERTIFICATE", "*"));
        assert_eq!(check_blocks(beside.as_bytes()), Ok(()), "only what is decoded is checked");
    }

    #[test]
    fn what_cannot_be_used_is_said_with_its_flag_and_file() {
        let folder = std::env::temp_dir().join(format!("loadtest-tls-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let cert = file("cert.pem", &block("CERTIFICATE", "AAAA"));
        let key = file("key.pem", &block("EC PRIVATE KEY", "AAAA"));
        let both = file("both.pem", &(block("CERTIFICATE", "AAAA") + &block("PRIVATE KEY", "AAAA")));
        let torn = file("torn.pem", &block("CERTIFICATE", "AAAAA"));
        let torn_key = file("torn.key", &block("PRIVATE KEY", "AA*A"));
        let der = file("cert.der", "\u{1}\u{2}");
        let gone = folder.join("gone.pem");
        let tls = TlsOptions::new;
        for (result, flag, expected) in [
            (apply(tls(), &[&gone], None, None), "--cacert: ", "gone.pem cannot be read"),
            (apply(tls(), &[&folder], None, None), "--cacert: ", "cannot be read"),
            (apply(tls(), &[&cert, &der], None, None), "--cacert: ", "cert.der is no PEM file with a certificate"),
            (apply(tls(), NONE, Some(&gone), None), "--cert: ", "gone.pem cannot be read"),
            (apply(tls(), NONE, Some(&cert), None), "--cert: ", "holds no private key; give it with --key FILE"),
            (apply(tls(), NONE, Some(&cert), Some(&gone)), "--key: ", "gone.pem cannot be read"),
            (apply(tls(), NONE, Some(&cert), Some(&cert)), "--key: ", "no PEM file with a private key"),
            (apply(tls(), &[&cert, &torn], None, None), "--cacert: ", "torn.pem is malformed PEM: a block"),
            (apply(tls(), NONE, Some(&torn), Some(&key)), "--cert: ", "torn.pem is malformed PEM: a block"),
            (apply(tls(), NONE, Some(&cert), Some(&torn_key)), "--key: ", "torn.key is malformed PEM: a block"),
            (apply(tls(), NONE, None, Some(&key)), "--key: ", "give its certificate with --cert FILE"),
        ] {
            let message = message(result);
            assert!(message.starts_with(flag) && message.contains(expected), "{message}");
        }
        let of_code = tls().root_certificate("of code").client_identity("of code");
        assert_eq!(apply(of_code.clone(), NONE, None, None).unwrap(), of_code);
        let given = apply(of_code, &[&cert, &cert], Some(&cert), Some(&key)).unwrap();
        assert_eq!(given.root_certificates.len(), 2, "files win over code");
        let identity = String::from_utf8(given.client_identity.unwrap()).unwrap();
        assert!(identity.contains("CERTIFICATE") && identity.contains("EC PRIVATE KEY"), "{identity}");
        assert!(apply(tls(), NONE, Some(&both), None).is_ok(), "one file may hold both");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
