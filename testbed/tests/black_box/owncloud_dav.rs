//! The stand-in's WebDAV, row by row of the table of requests.

use testbed::owncloud::{ADMIN, OwncloudServer};

use crate::client::{Connection, Request, Response};

const SIZE: usize = 1000;
const BOB: (&str, &str) = ("bob", "secret");
const MANUAL: &str = "ownCloud%20Manual.pdf";

struct World {
    server: OwncloudServer,
}

fn files(path: &str) -> String {
    format!("/remote.php/dav/files/bob/{path}")
}

impl World {
    fn new() -> Self {
        let server = OwncloudServer::builder().manual_size(SIZE).spawn();
        let created = Request::new("POST", "/ocs/v2.php/cloud/users")
            .auth(ADMIN)
            .form("userid=bob&password=secret")
            .send(server.addr());
        assert_eq!(created.status, 200);
        Self { server }
    }

    /// As bob, on bob's files, without a jar.
    fn send(&self, method: &str, path: &str, with: impl FnOnce(Request) -> Request) -> Response {
        with(Request::new(method, &files(path)).auth(BOB)).send(self.server.addr())
    }

    fn get(&self, path: &str) -> Response {
        self.send("GET", path, |request| request)
    }

    fn put(&self, path: &str, body: &str) -> Response {
        self.send("PUT", path, |request| request.body(body))
    }
}

fn etag(response: &Response) -> String {
    let etag = response.header("etag").expect("an ETag").to_owned();
    let hex = etag.strip_prefix('"').and_then(|etag| etag.strip_suffix('"')).expect("quotes");
    assert!(hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()), "{hex}");
    assert_eq!(response.header("oc-etag"), Some(etag.as_str()));
    etag
}

/// Status, exception and message of an error.
fn assert_failed(response: &Response, status: u16, exception: &str, message: &str) {
    let text = response.text();
    assert_eq!(response.status, status, "{text}");
    assert!(
        text.starts_with(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <d:error xmlns:d=\"DAV:\" xmlns:s=\"http://sabredav.org/ns\">"
        ),
        "{text}"
    );
    assert!(text.contains(&format!("<s:exception>{exception}</s:exception>")), "{text}");
    assert!(text.contains(&format!("<s:message>{message}</s:message>")), "{text}");
    assert_eq!(response.header("content-type"), Some("application/xml; charset=utf-8"));
}

const NOT_FOUND: &str = "Sabre\\DAV\\Exception\\NotFound";

#[test]
fn a_file_comes_with_these_headers() {
    let world = World::new();
    let file = world.get(MANUAL);
    assert_eq!((file.status, file.body.len()), (200, SIZE));
    for (name, value) in [
        ("Content-Type", "application/pdf"),
        ("Content-Length", "1000"),
        ("Expires", "Thu, 19 Nov 1981 08:52:00 GMT"),
        ("Cache-Control", "no-store, no-cache, must-revalidate"),
        ("Pragma", "no-cache"),
        ("Content-Security-Policy", "default-src 'none';"),
        (
            "Content-Disposition",
            "attachment; filename*=UTF-8''ownCloud%20Manual.pdf; \
             filename=\"ownCloud%20Manual.pdf\"",
        ),
    ] {
        assert_eq!(file.header(name), Some(value), "{name}");
    }
    etag(&file);
    assert!(file.header("last-modified").is_some_and(|date| date.ends_with(" GMT")));
    let [checksum] = file.all("oc-checksum")[..] else { panic!("{:?}", file.headers) };
    assert!(checksum.starts_with("SHA1:") && checksum.len() == 45, "{checksum}");
}

#[test]
fn head_says_the_same_and_the_checksum_twice() {
    let world = World::new();
    let get = world.get(MANUAL);
    let head = world.send("HEAD", MANUAL, |request| request);
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["content-type", "content-length", "etag", "last-modified", "content-disposition"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
    assert_eq!(head.all("oc-checksum").len(), 2);
    assert_eq!(world.send("HEAD", "missing", |request| request).status, 404);
}

#[test]
fn ranges_and_versions() {
    let world = World::new();
    world.put("digits", "0123456789");
    let range = |range| world.send("GET", "digits", |request| request.header("Range", range));
    let part = range("bytes=2-4");
    assert_eq!((part.status, part.text().as_str()), (206, "234"));
    assert_eq!(part.header("content-range"), Some("bytes 2-4/10"));
    assert_eq!(range("bytes=-2").text(), "89");
    assert_eq!(range("bytes=10-").status, 416);

    let etag = etag(&world.get("digits"));
    let none = |tag: &str| world.send("GET", "digits", |request| request.header("If-None-Match", tag));
    let same = none(&etag);
    assert_eq!((same.status, same.header("etag")), (304, Some(etag.as_str())));
    assert_eq!(none("\"00000000000000000000000000000000\"").status, 200);
}

#[test]
fn a_folder_is_a_line_of_text_and_what_is_missing_a_404() {
    let world = World::new();
    for folder in ["", "Photos", "Photos/"] {
        let page = world.get(folder);
        assert_eq!(page.status, 200);
        assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
        assert_eq!(page.text().lines().count(), 1);
    }
    let missing = world.get("no%20such");
    assert_failed(&missing, 404, NOT_FOUND, "File with name no such could not be located");
}

#[test]
fn a_put_creates_and_overwrites_with_these_headers() {
    let world = World::new();
    for (body, status) in [("one", 201), ("another", 204)] {
        let put = world.put("new%20file.txt", body);
        assert_eq!((put.status, put.text().as_str()), (status, ""));
        etag(&put);
        let id = put.header("oc-fileid").unwrap();
        let (digits, instance) = id.split_at(id.len() - 12);
        assert!(digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_digit()), "{id}");
        assert!(instance.starts_with("oc"), "{id}");
        let got = world.get("new%20file.txt");
        assert_eq!(got.text(), body);
        assert_eq!(got.header("content-type"), Some("text/plain;charset=UTF-8"));
    }
}

#[test]
fn an_etag_changes_with_the_second_and_not_with_the_content() {
    let world = World::new();
    // Real seconds may pass in between: one of a few pairs falls into one second.
    let same = (0..5).any(|_| etag(&world.put("f", "one")) == etag(&world.put("f", "two")));
    assert!(same, "two writes within a second keep one tag");
    let before = etag(&world.put("f", "one"));
    world.server.advance_clock(std::time::Duration::from_secs(2));
    assert_ne!(etag(&world.put("f", "one")), before);
}

#[test]
fn a_put_may_be_chunked_or_wait_for_100_continue() {
    let world = World::new();
    let chunked = world.send("PUT", "chunked", |request| {
        request.header("Transfer-Encoding", "chunked").body("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    });
    assert_eq!(chunked.status, 201);
    assert_eq!(world.get("chunked").text(), "abcde");

    let mut connection = Connection::open(world.server.addr());
    let head = Request::new("PUT", &files("continued"))
        .auth(BOB)
        .header("Expect", "100-continue")
        .header("Content-Length", "5");
    connection.write(&head.bytes(None));
    assert_eq!(connection.read(false).unwrap().status, 100);
    connection.write(b"hello");
    assert_eq!(connection.read(false).unwrap().status, 201);
    assert_eq!(world.get("continued").text(), "hello");
}

#[test]
fn a_put_needs_a_folder_to_be_in_and_no_folder_in_its_place() {
    let world = World::new();
    let conflict = "Sabre\\DAV\\Exception\\Conflict";
    let missing = world.put("no/such/folder", "x");
    assert_failed(&missing, 409, conflict, "Parent node does not exist");
    let onto = world.put("Photos", "x");
    assert_failed(&onto, 409, conflict, "PUT is not allowed on non-files.");
    assert_eq!(world.put("", "x").status, 409);
    world.put("file", "x");
    assert_eq!(world.put("file/below", "x").status, 409);
}

#[test]
fn a_put_with_conditions() {
    let world = World::new();
    let tag = etag(&world.put("f", "x"));
    let put = |path, name, value: &str| world.send("PUT", path, |request| request.header(name, value).body("y")).status;
    assert_eq!(put("f", "If-Match", "\"wrong\""), 412);
    assert_eq!(put("f", "If-None-Match", "*"), 412);
    assert_eq!(put("missing", "If-Match", "*"), 412);
    assert_eq!(put("f", "If-Match", &tag), 204);
    assert_eq!(put("new", "If-None-Match", "*"), 201);
}

#[test]
fn a_put_with_a_checksum_a_time_or_a_forbidden_name() {
    let world = World::new();
    let checked = |sum| world.send("PUT", "abc", |request| request.header("OC-Checksum", sum).body("abc"));
    let wrong = checked("SHA1:0000000000000000000000000000000000000000");
    let message = "The computed checksum does not match the one received from the client.";
    assert_failed(&wrong, 400, "Sabre\\DAV\\Exception\\BadRequest", message);
    assert_eq!(wrong.status_line.trim_end(), "HTTP/1.1 400");
    assert_eq!(world.get("abc").status, 404);
    let right = "SHA1:a9993e364706816aba3e25717850c26c9cd0d89d";
    assert_eq!(checked(right).status, 201);
    assert_eq!(world.get("abc").header("oc-checksum"), Some(right));

    let dated = world.send("PUT", "old", |request| request.header("X-OC-Mtime", "1000000000").body("x"));
    assert_eq!((dated.status, dated.header("x-oc-mtime")), (201, Some("accepted")));
    let modified = "Sun, 09 Sep 2001 01:46:40 GMT";
    assert_eq!(world.get("old").header("last-modified"), Some(modified));

    for name in ["a%5Cb", ".htaccess", "Photos/.htaccess"] {
        assert_eq!(world.put(name, "x").status, 403, "{name}");
    }
}

#[test]
fn a_file_can_be_deleted_once() {
    let world = World::new();
    let delete = |path| world.send("DELETE", path, |request| request);
    assert_eq!(delete(MANUAL).status, 204);
    let message = "File with name ownCloud Manual.pdf could not be located";
    assert_failed(&delete(MANUAL), 404, NOT_FOUND, message);
    world.put("Photos/a", "x");
    assert_eq!(delete("Photos/").status, 204);
    assert_eq!(world.get("Photos/a").status, 404);
    assert_eq!(delete("").status, 403);
}

#[test]
fn propfind_lists_a_folder() {
    let world = World::new();
    let propfind = |path, depth| world.send("PROPFIND", path, |request| request.header("Depth", depth));
    let list = propfind("", "1");
    assert_eq!(list.status, 207);
    assert_eq!(list.header("content-type"), Some("application/xml; charset=utf-8"));
    assert_eq!(list.header("dav"), Some("1, 3, extended-mkcol, 2"));
    let text = list.text();
    for path in ["", "Documents/", "Photos/", MANUAL] {
        assert!(text.contains(&format!("<d:href>{}</d:href>", files(path))), "{text}");
    }
    assert!(text.contains("<d:getcontentlength>1000</d:getcontentlength>"), "{text}");
    assert_eq!(propfind("", "0").text().matches("<d:response>").count(), 1);
    assert_eq!(propfind(MANUAL, "1").text().matches("<d:response>").count(), 1);
    assert_eq!(propfind("missing", "0").status, 404);
}

#[test]
fn mkcol_makes_a_folder_once() {
    let world = World::new();
    let mkcol = |path| world.send("MKCOL", path, |request| request);
    let made = mkcol("new%20folder");
    assert_eq!(made.status, 201);
    assert!(made.header("oc-fileid").is_some());
    assert_eq!(world.put("new%20folder/f", "x").status, 201);
    let again = mkcol("new%20folder");
    assert_eq!(again.status, 405);
    assert!(again.header("allow").is_some_and(|verbs| verbs.contains("PUT")));
    assert_eq!(mkcol("no/parent").status, 409);
}

#[test]
fn move_and_copy() {
    let world = World::new();
    let transfer = |verb, from, to, overwrite| {
        let to = format!("http://127.0.0.1{}", files(to));
        let request = |request: Request| request.header("Destination", &to).header("Overwrite", overwrite);
        world.send(verb, from, request).status
    };
    world.put("a", "a");
    world.put("b", "b");
    assert_eq!(transfer("COPY", "a", "copy%20of%20a", "T"), 201);
    assert_eq!(transfer("COPY", "a", "copy%20of%20a", "T"), 204);
    assert_eq!(world.get("copy%20of%20a").text(), "a");
    assert_eq!(transfer("MOVE", "a", "b", "F"), 412);
    assert_eq!(transfer("MOVE", "a", "moved", "F"), 201);
    assert_eq!((world.get("a").status, world.get("moved").text().as_str()), (404, "a"));
    assert_eq!(transfer("MOVE", "missing", "x", "T"), 404);
    assert_eq!(transfer("COPY", "b", "no/parent", "T"), 409);
    world.put("Photos/p", "p");
    assert_eq!(transfer("MOVE", "Photos", "Albums", "T"), 201);
    assert_eq!(world.get("Albums/p").text(), "p");
    assert_eq!(transfer("COPY", "Albums", "Albums/inside", "T"), 403);
}

#[test]
fn options_and_verbs_nobody_handles() {
    let world = World::new();
    let options = world.send("OPTIONS", "", |request| request);
    assert_eq!(options.status, 200);
    assert!(options.header("allow").is_some_and(|verbs| verbs.contains("PROPFIND")));
    assert_eq!(options.header("dav"), Some("1, 3, extended-mkcol, 2"));
    assert_eq!(world.send("POST", "", |request| request.body("x")).status, 501);
}

#[test]
fn other_trees_are_not_there_and_names_have_no_case() {
    let world = World::new();
    for uid in ["admin", "nobody"] {
        let target = format!("/remote.php/dav/files/{uid}/{MANUAL}");
        let other = Request::new("GET", &target).auth(BOB).send(world.server.addr());
        let message = format!("Principal with name {uid} not found");
        assert_failed(&other, 404, NOT_FOUND, &message);
    }
    let target = format!("/remote.php/dav/files/BoB/{MANUAL}");
    let own = Request::new("GET", &target).auth(("BOB", BOB.1)).send(world.server.addr());
    assert_eq!(own.status, 200);
}

#[test]
fn no_or_bad_credentials_are_a_401() {
    let world = World::new();
    let target = files(MANUAL);
    let bare = Request::new("GET", &target);
    for request in [
        bare.clone(),
        bare.clone().auth(("bob", "wrong")),
        bare.clone().auth(("nobody", "x")),
        bare.clone().header("Authorization", "Bearer abc"),
        bare.clone().header("Authorization", "Basic not-base64"),
        Request::new("PUT", &target).body("x"),
    ] {
        let denied = request.send(world.server.addr());
        assert_eq!(denied.status, 401);
        assert_eq!(denied.header("www-authenticate"), Some(r#"Basic realm="ownCloud", charset="UTF-8""#));
    }
    assert_eq!(world.get(MANUAL).body.len(), SIZE, "nobody has written to it");
}
