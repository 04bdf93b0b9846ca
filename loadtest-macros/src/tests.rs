//! The expansions as text, and what is left when something is wrong.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use super::{expand_main, expand_task, expand_tasks, user};

fn tokens(source: &str) -> TokenStream {
    source.parse().expect("tokens")
}

/// The same tokens, whatever their spacing.
#[track_caller]
fn assert_tokens(found: &TokenStream, expected: &TokenStream) {
    let spaced = |tokens: &TokenStream| tokens.to_string().split_whitespace().collect::<String>();
    assert!(spaced(found) == spaced(expected), "found\n{found}\nexpected\n{expected}");
}

#[track_caller]
fn assert_contains(found: &TokenStream, expected: &str) {
    let spaced = |text: &str| text.split_whitespace().collect::<String>();
    assert!(spaced(&found.to_string()).contains(&spaced(expected)), "no `{expected}` in\n{found}");
}

#[test]
fn a_user_becomes_its_implementation() {
    let found = user(quote! {
        #[user(wait_time = constant(self.pause), weight = 3)]
        struct Shopper<'a, T: Default> where T: 'a {
            #[client]
            http: HttpSession,
            #[context]
            cx: Context,
            #[shared]
            accounts: Arc<Accounts>,
            #[options]
            options: Arc<Options>,
            #[init(Vec::new())]
            list: Vec<&'a T>,
            #[config]
            #[init(20)]
            size: usize,
            name: String,
        }
    });
    let expected = quote! {
        #[automatically_derived]
        impl<'a, T: Default> ::loadtest::__private::User for Shopper<'a, T> where T: 'a {
            const NAME: &'static str = "Shopper";
            const CONFIG_FIELDS: &'static [::loadtest::__private::ConfigField] =
                &[<usize as ::loadtest::__private::ConfigValue>::FIELD.named("size"),];
            fn weight() -> f64 { 3f64 }
            fn wait_time(&self) -> ::loadtest::__private::Wait {
                ::loadtest::__private::IntoWait::into_wait(constant(self.pause))
            }
            fn check(
                __loadtest_settings: &::loadtest::__private::ClientSettings<'_>,
            ) -> ::core::result::Result<(), ::loadtest::__private::InputError> {
                <HttpSession as ::loadtest::__private::Client>::check(__loadtest_settings)?;
                <Arc<Options> as ::loadtest::__private::OptionsField>::check(__loadtest_settings)?;
                ::core::result::Result::Ok(())
            }
            fn create(
                __loadtest_init: &::loadtest::__private::UserInit<'_, Self::Shared>,
            ) -> ::core::result::Result<Self, ::loadtest::__private::Exit> {
                ::core::result::Result::Ok(Self {
                    http: <HttpSession as ::loadtest::__private::Client>::create(&__loadtest_init.context())?,
                    cx: __loadtest_init.context(),
                    accounts: __loadtest_init.shared(),
                    options: <Arc<Options> as ::loadtest::__private::OptionsField>::get(__loadtest_init)?,
                    list: Vec::new(),
                    size: match __loadtest_init.config_text("size").and_then(|__loadtest_text| { <usize as ::loadtest::__private::ConfigValue>::read(__loadtest_text) }) {
                        ::core::option::Option::Some(__loadtest_value) => __loadtest_value,
                        ::core::option::Option::None => 20,
                    },
                    name: <String as ::loadtest::__private::FieldDefault>::field_default(),
                })
            }
        }
    };
    assert_tokens(&found, &expected);
}

#[test]
fn a_wait_without_self_is_checked_before_the_start() {
    let wait = "::loadtest::__private::IntoWait::into_wait(constant_throughput(RATE))";
    let check = &format!("::loadtest::__private::check_wait(__loadtest_settings.class, &{wait})?;");
    let of_class = user(quote! {
        #[user(wait_time = constant_throughput(RATE))]
        struct Shopper;
    });
    assert_contains(&of_class, check);
    let of_user = user(quote! {
        #[user(wait_time = constant_throughput({ RATE * (self.share) }))]
        struct Shopper { share: f64 }
    });
    assert!(!of_user.to_string().contains("check_wait"), "{of_user}");
}

#[test]
fn a_block_becomes_itself_and_its_implementation() {
    let found = expand_tasks(
        TokenStream::new(),
        quote! {
            impl Shopper {
                #[doc = "Looks."]
                #[task(3)]
                async fn look(&mut self) -> TaskResult { Ok(()) }
                #[task]
                async fn buy(&mut self) {}
            }
        },
    );
    let expected = quote! {
        impl Shopper {
            #[doc = "Looks."]
            async fn look(&mut self) -> TaskResult { Ok(()) }
            async fn buy(&mut self) {}
        }
        #[automatically_derived]
        impl ::loadtest::__private::Tasks for Shopper {
            const TASKS: &'static [::loadtest::__private::TaskInfo] = &[
                ::loadtest::__private::TaskInfo::new("look", 3u32),
                ::loadtest::__private::TaskInfo::new("buy", 1u32),
            ];
            type Shared = ();
            async fn run_task(
                &mut self,
                __loadtest_task: usize,
                _: &::loadtest::__private::Scope<'_>,
            ) -> ::loadtest::__private::TaskResult {
                match __loadtest_task {
                    0usize => <TaskResult as ::loadtest::__private::IntoTaskResult>::into_task_result(
                        Self::look(self).await
                    ),
                    1usize => <() as ::loadtest::__private::IntoTaskResult>::into_task_result(Self::buy(self).await),
                    _ => ::core::result::Result::Ok(()),
                }
            }
            async fn setup(
                _: &::loadtest::__private::SetupContext,
            ) -> ::core::result::Result<Self::Shared, ::loadtest::__private::Exit> {
                ::core::result::Result::Ok(())
            }
        }
    };
    assert_tokens(&found, &expected);
}

#[test]
fn conditions_are_forwarded_to_the_array_the_numbers_and_the_arms() {
    let found = expand_tasks(
        TokenStream::new(),
        quote! {
            #[cfg(unix)]
            impl Shopper {
                #[task]
                #[cfg(feature = "a")]
                async fn look(&mut self) {}
                #[task]
                async fn buy(&mut self) {}
                #[cfg(feature = "b")]
                async fn setup() {}
            }
        },
    );
    for expected in [
        "#[cfg(feature = \"a\")] ::loadtest::__private::TaskInfo::new(\"look\", 1u32),",
        "enum __LoadtestTask { #[cfg(feature = \"a\")] __loadtest_look, __loadtest_buy, }",
        "#[cfg(feature = \"a\")] const __loadtest_look: usize = __LoadtestTask::__loadtest_look as usize;",
        "#[cfg(feature = \"a\")] __loadtest_look => ",
        "__loadtest_buy => ",
        "#[cfg(feature = \"b\")] type Shared = ();",
        "#[cfg(not(any(all(feature = \"b\"))))] type Shared = ();",
        "#[cfg(unix)] #[automatically_derived]",
    ] {
        assert_contains(&found, expected);
    }
}

#[test]
fn what_setup_returns_is_shared() {
    let shared = |output: &str| {
        let block = format!("impl A {{ #[task] async fn a(&mut self) {{}} async fn setup() -> {output} {{}} }}");
        let found = expand_tasks(TokenStream::new(), tokens(&block)).to_string();
        let found: String = found.split_whitespace().collect();
        let (_, behind) = found.split_once("typeShared=").expect("a shared type");
        behind.split_once(';').expect("an end").0.to_owned()
    };
    assert_eq!(shared("Result<Accounts, Error>"), "Accounts");
    assert_eq!(shared("std::result::Result<Vec<u8>, E>"), "Vec<u8>");
    assert_eq!(shared("io::Result<u8>"), "<io::Result<u8>as::loadtest::__private::SetupOutput>::Shared");
    assert_eq!(shared("()"), "<()as::loadtest::__private::SetupOutput>::Shared");
}

#[test]
fn a_half_typed_body_stays_as_it_is() {
    let source = "impl Shopper { #[task(2)] async fn look(&mut self) { self.http.get( ).  let } }";
    let found = expand_tasks(TokenStream::new(), tokens(source));
    assert_contains(&found, "impl Shopper { async fn look(&mut self) { self.http.get( ). let } }");
    assert_contains(&found, "TaskInfo::new(\"look\", 2u32)");
}

#[test]
fn an_unreadable_block_loses_nothing_but_our_attributes() {
    let source = "impl Shopper { #[task(2)] #[inline] async fn look(&mut self, ) -> { } #[::lt::task] as }";
    let found = expand_tasks(TokenStream::new(), tokens(source));
    assert_contains(&found, "compile_error");
    assert_contains(&found, "impl Shopper { #[inline] async fn look(&mut self, ) -> { } as }");
}

#[test]
fn a_mistake_leaves_the_item_and_stubs() {
    let found = expand_tasks(
        TokenStream::new(),
        quote! { impl Shopper { #[task(0)] async fn look(&mut self) {} async fn setup() -> Accounts {} } },
    );
    assert_contains(&found, "impl Shopper { async fn look(&mut self) {} async fn setup() -> Accounts {} }");
    assert_contains(&found, "impl ::loadtest::__private::Tasks for Shopper");
    assert_contains(&found, "type Shared = Accounts;");

    let found = user(quote! { #[user(weight = 0)] struct Shopper<T>(T); });
    assert_contains(&found, "impl<T> ::loadtest::__private::User for Shopper<T>");

    let found = expand_tasks(quote!(crate = "crate::load"), quote! { #[derive(User)] struct Shopper; });
    assert_contains(&found, "#[derive(User)] struct Shopper;");
    assert_contains(&found, "impl crate::load::__private::Tasks for Shopper");
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let found = expand_tasks(
        quote!(order = 1),
        quote! { impl Shopper { #[task(0)] fn look(self) {} async fn on_strat(&mut self) {} } },
    );
    assert_eq!(found.to_string().matches("compile_error").count(), 5);
}

#[test]
fn a_task_by_itself_keeps_its_method() {
    let found = expand_task(Span::call_site(), quote! { async fn look(&mut self) { half typed } });
    assert_contains(&found, "async fn look(&mut self) { half typed }");
    assert_contains(&found, "compile_error");
}

#[test]
fn main_takes_classes_and_defaults() {
    let found = expand_main(&quote!(Shopper, shop::Admin<u8>, host = start, run_time = Duration::from_secs(1),));
    let expected = quote! {
        fn main() -> ::std::process::ExitCode {
            ::loadtest::__private::main(
                ::loadtest::LoadTest::new().user::<Shopper>().user::<shop::Admin<u8> >().run_time(Duration::from_secs(1)),
                ::loadtest::__private::Defaults::new().host(start),
            )
        }
    };
    assert_tokens(&found, &expected);
}
