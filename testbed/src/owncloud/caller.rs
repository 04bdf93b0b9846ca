//! Whose request it is: the cookie against the `Authorization` header.
//!
//! A session in the cookies can belong to one user and the header to another. Which of
//! them counts depends on how often the session was used and when: that is the trap for
//! a load test that deletes accounts with a user's own cookies.
//!
//! ```text
//! verify(login, header):                  only while someone is logged in
//!   no header                              -> true
//!   checked less than 5 minutes ago        -> true, the header is not looked at
//!   right password of the same user        -> checked now; true
//!   else                                   -> log out; false
//!
//! WebDAV: logged in and verified           -> the session's user
//!         else the header's password right -> log its user in
//!         else                             -> 401
//! OCS:    logged in and verified
//!           and `OCS-APIREQUEST: true`     -> the session's user
//!           without it                     -> 401, the session stays as it is
//!         else the header's password right -> that user, logged out at the end
//!         else                             -> 401
//! ```
//!
//! A session whose account is gone is no login, unless there is no header: then WebDAV
//! breaks with a 500.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::session::{Login, Visit};
use super::site::Site;

/// For how long after a password check the header is not looked at.
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// Why there is no caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// No header, or a wrong one, or the OCS trap.
    Unauthenticated,
    /// The account of the session was deleted, and there is no header to go by.
    AccountGone,
}

/// Who calls OCS.
#[derive(Debug)]
pub(super) struct OcsCaller {
    pub(super) uid: String,
    /// Logged in for this request only: has to be logged out at its end.
    pub(super) for_this_request: bool,
}

/// Name and password of an `Authorization` header; empty ones if it is not Basic.
#[derive(Debug, Default)]
struct Credentials {
    uid: String,
    password: String,
}

impl Credentials {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(AUTHORIZATION)?;
        Some(Self::parse(value.as_bytes()).unwrap_or_default())
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let (scheme, encoded) = value.split_at_checked(6)?;
        if !scheme.eq_ignore_ascii_case(b"basic ") {
            return None;
        }
        let decoded = BASE64_STANDARD.decode(encoded.trim_ascii()).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        let (uid, password) = text.split_once(':')?;
        Some(Self { uid: uid.to_owned(), password: password.to_owned() })
    }
}

impl Site {
    /// Who a WebDAV request is from.
    pub(super) async fn dav_caller(&self, visit: &mut Visit, headers: &HeaderMap) -> Result<String, Refused> {
        let credentials = Credentials::of(headers);
        if let Some(login) = self.login(visit) {
            if self.accounts().find(&login.uid).is_none() {
                if credentials.is_none() {
                    return Err(Refused::AccountGone);
                }
            } else if self.verify(visit, &login, credentials.as_ref()).await {
                return Ok(login.uid);
            }
        }
        self.password_login(visit, credentials).await
    }

    /// Who an OCS request is from.
    pub(super) async fn ocs_caller(&self, visit: &mut Visit, headers: &HeaderMap) -> Result<OcsCaller, Refused> {
        let credentials = Credentials::of(headers);
        let login = self.login(visit);
        let login = login.filter(|login| self.accounts().find(&login.uid).is_some());
        if let Some(login) = login
            && self.verify(visit, &login, credentials.as_ref()).await
        {
            let is_api_request = headers.get("ocs-apirequest").is_some_and(|value| value.as_bytes() == b"true");
            return if is_api_request {
                Ok(OcsCaller { uid: login.uid, for_this_request: false })
            } else {
                Err(Refused::Unauthenticated)
            };
        }
        let uid = self.password_login(visit, credentials).await?;
        Ok(OcsCaller { uid, for_this_request: true })
    }

    fn login(&self, visit: &Visit) -> Option<Login> {
        self.sessions().login(visit)
    }

    /// Whether the request may go on as the session's user.
    async fn verify(&self, visit: &mut Visit, login: &Login, credentials: Option<&Credentials>) -> bool {
        let Some(credentials) = credentials else {
            return true;
        };
        let now = self.clock.now();
        if login.checked_at.is_some_and(|at| now.saturating_sub(at) < WINDOW) {
            return true;
        }
        let uid = self.check_password(credentials).await;
        let same = uid.is_some_and(|uid| uid == login.uid);
        if same {
            self.sessions().checked(visit, self.clock.now());
        } else {
            self.sessions().log_out(visit);
        }
        same
    }

    async fn password_login(&self, visit: &mut Visit, credentials: Option<Credentials>) -> Result<String, Refused> {
        let Some(credentials) = credentials else {
            return Err(Refused::Unauthenticated);
        };
        let Some(uid) = self.check_password(&credentials).await else {
            self.sessions().failed_login(visit);
            return Err(Refused::Unauthenticated);
        };
        self.sessions().log_in(visit, &uid);
        Ok(uid)
    }

    /// The account's name if the password is right. This is what costs.
    async fn check_password(&self, credentials: &Credentials) -> Option<String> {
        if !self.config.password_check.is_zero() {
            tokio::time::sleep(self.config.password_check).await;
        }
        let accounts = self.accounts();
        accounts.log_in(&credentials.uid, &credentials.password).map(str::to_owned)
    }
}
