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
    Ok(pem)
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

    #[test]
    fn what_cannot_be_used_is_said_with_its_flag_and_file() {
        let folder = std::env::temp_dir().join(format!("loadtest-tls-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let cert = file("cert.pem", "-----BEGIN CERTIFICATE-----\n");
        let key = file("key.pem", "-----BEGIN EC PRIVATE KEY-----\n");
        let both = file("both.pem", "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n");
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
