//! Methods by name: the usual ones, and any other such as `PROPFIND`.

use http::Method;

/// What [`HttpSession::request`](crate::HttpSession::request) takes as a method: an [`http::Method`] or its name.
///
/// Names are case-sensitive (RFC 9110, 9.1): `"get"` is not `GET`.
pub trait IntoMethod {
    /// The method, or the text that is none.
    ///
    /// # Errors
    /// When the text is no method: the text.
    fn into_method(self) -> Result<Method, String>;
}

impl IntoMethod for Method {
    fn into_method(self) -> Result<Method, String> {
        Ok(self)
    }
}

impl IntoMethod for &Method {
    fn into_method(self) -> Result<Method, String> {
        Ok(self.clone())
    }
}

impl IntoMethod for &str {
    fn into_method(self) -> Result<Method, String> {
        Method::from_bytes(self.as_bytes()).map_err(|_| self.to_owned())
    }
}

impl IntoMethod for String {
    fn into_method(self) -> Result<Method, String> {
        self.as_str().into_method()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_token_is_a_method_and_nothing_else() {
        assert_eq!("GET".into_method(), Ok(Method::GET));
        assert_eq!("MKCOL".into_method().expect("a method").as_str(), "MKCOL");
        for wrong in ["", "GET /", "GÉT", "A\r\nB"] {
            assert_eq!(wrong.into_method(), Err(wrong.to_owned()));
        }
    }
}
