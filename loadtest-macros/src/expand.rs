//! What the macros write. Nothing here can fail: what comes in has been validated.

mod sets;
mod waits;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Type};

use crate::args::{COMMAND_LINE_KEYS, Krate};
use crate::ast::TasksBlock;
use crate::validate::entry::Entry;
use crate::validate::hooks::{SetupArgs, TeardownArg, is_result, value_and_error};
use crate::validate::methods::Output;
use crate::validate::tasks::{Call, Task, Tasks};
use crate::validate::user::{Field, Source, User, Weight};
pub(crate) use sets::warnings;

/// What stands before each generated `impl`: nobody should see lints of code that they did not write.
///
/// The compiler has none for the tokens of a macro from another crate; `allowed` is for the user's own tokens that the
/// expansion repeats. No more than that, because `allow` inside a user's `forbid` is an error.
pub(crate) fn generated(allowed: &[Attribute]) -> TokenStream {
    quote! {
        #[automatically_derived]
        #(#allowed)*
    }
}

/// `impl User for …`.
pub(crate) fn user(user: &User) -> TokenStream {
    let User { krate, ident, generics, allowed, name, weight, fixed_count, host, wait_time, fields } = user;
    let weight = weight.as_ref().map(|weight| {
        let weight = match weight {
            Weight::Number(number) => quote!(#number),
            Weight::Expression(value) => quote_spanned!(located_at(value)=> (#value) as f64),
        };
        quote!(fn weight() -> f64 { #weight })
    });
    let fixed_count = fixed_count.as_ref().map(|count| quote!(fn fixed_count() -> u64 { #count }));
    let host = host.as_ref().map(|host| {
        let host = quote_spanned!(located_at(host)=> <::std::string::String as ::core::convert::From<_>>::from(#host));
        quote! {
            fn host() -> ::core::option::Option<::std::string::String> {
                ::core::option::Option::Some(#host)
            }
        }
    });
    let wait_check = wait_time.as_ref().and_then(|wait| waits::check(krate, wait));
    let wait_time = wait_time.as_ref().map(|wait| {
        let wait = waits::into_wait(krate, wait);
        quote!(fn wait_time(&self) -> #krate::__private::Wait { #wait })
    });
    let config_fields = config_fields(krate, fields);
    let check = user_check(krate, fields, wait_check);
    let values = fields.iter().enumerate().map(|(index, field)| initial_value(krate, index, field));
    let generated = generated(allowed);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    quote! {
        #generated
        impl #impl_generics #krate::__private::User for #ident #type_generics #where_clause {
            const NAME: &'static str = #name;
            #config_fields
            #weight
            #fixed_count
            #host
            #wait_time
            #check
            fn create(
                __loadtest_init: &#krate::__private::UserInit<'_, Self::Shared>,
            ) -> ::core::result::Result<Self, #krate::__private::Exit> {
                ::core::result::Result::Ok(Self { #(#values)* })
            }
        }
    }
}

/// The fields that can be configured.
fn config_fields(krate: &Krate, fields: &[Field]) -> Option<TokenStream> {
    let entries: Vec<_> = fields
        .iter()
        .filter_map(|Field { ty, kept, config, .. }| {
            let name = config.as_ref()?;
            let entry = quote!(<#ty as #krate::__private::ConfigValue>::FIELD.named(#name));
            Some(quote!(#(#kept)* #entry,))
        })
        .collect();
    let list = quote!(const CONFIG_FIELDS: &'static [#krate::__private::ConfigField] = &[#(#entries)*];);
    (!entries.is_empty()).then_some(list)
}

fn user_check(krate: &Krate, fields: &[Field], wait: Option<TokenStream>) -> Option<TokenStream> {
    let of_fields = fields.iter().filter_map(|field| field_check(krate, field));
    let checks: Vec<_> = wait.into_iter().chain(of_fields).collect();
    if checks.is_empty() {
        return None;
    }
    Some(quote! {
        fn check(
            __loadtest_settings: &#krate::__private::ClientSettings<'_>,
        ) -> ::core::result::Result<(), #krate::__private::InputError> {
            #(#checks)*
            ::core::result::Result::Ok(())
        }
    })
}

fn field_check(krate: &Krate, Field { ty, kept, source, .. }: &Field) -> Option<TokenStream> {
    let check = match source {
        Source::Client(None) => quote!(<#ty as #krate::__private::Client>::check(__loadtest_settings)),
        Source::Client(Some(own)) => {
            let configured = configured(krate, ty, own);
            quote!(#configured.check(__loadtest_settings))
        }
        Source::Options => quote!(<#ty as #krate::__private::OptionsField>::check(__loadtest_settings)),
        Source::Context | Source::Shared | Source::Init(_) | Source::Default => return None,
    };
    Some(quote!(#(#kept)* #check?;))
}

/// A client with its settings: the expression in a function of its own, so that `?` works in it.
fn configured(krate: &Krate, ty: &Type, own: &Expr) -> TokenStream {
    // Where the two do not fit, the compiler says so at the expression.
    quote_spanned! {located_at(own)=>
        #krate::__private::Settings::new(|| ::core::result::Result::Ok(#own)).of(::core::marker::PhantomData::<#ty>)
    }
}

/// `field: value,`, with the compiler's complaints about types at the type of the field.
fn initial_value(krate: &Krate, index: usize, field: &Field) -> TokenStream {
    let Field { member, ty, kept, source, config } = field;
    let value = match source {
        // By the type's own name, as in `check`: the compiler then reports a type that is no client once.
        Source::Client(None) => quote!(<#ty as #krate::__private::Client>::create(&__loadtest_init.context())?),
        Source::Client(Some(own)) => {
            let configured = configured(krate, ty, own);
            quote!(#configured.create(&__loadtest_init.context(), #index)?)
        }
        Source::Context => quote_spanned!(located_at(ty)=> __loadtest_init.context()),
        Source::Shared => quote_spanned!(located_at(ty)=> __loadtest_init.shared()),
        Source::Options => quote!(<#ty as #krate::__private::OptionsField>::get(__loadtest_init)?),
        Source::Init(value) => value.to_token_stream(),
        Source::Default => quote!(<#ty as #krate::__private::FieldDefault>::field_default()),
    };
    let value = match config {
        None => value,
        Some(name) => quote! {
            match __loadtest_init.config_text(#name).and_then(|__loadtest_text| {
                // Called by the type's own name, as in the constant: the compiler then reports a wrong type once.
                <#ty as #krate::__private::ConfigValue>::read(__loadtest_text)
            }) {
                ::core::option::Option::Some(__loadtest_value) => __loadtest_value,
                ::core::option::Option::None => #value,
            }
        },
    };
    quote!(#(#kept)* #member: #value,)
}

/// A span for generated code that errors show at the user's tokens.
fn located_at(tokens: &impl Spanned) -> Span {
    Span::call_site().located_at(tokens.span())
}

/// `impl Tasks for …`, to stand behind the user's block.
pub(crate) fn tasks(krate: &Krate, block: &TasksBlock, tasks: &Tasks) -> TokenStream {
    let infos = tasks.tasks.iter().map(|task| sets::task_info(krate, task));
    let order = sets::order(krate, tasks.order);
    let wait_time = tasks.wait_time.as_ref().map(|wait| sets::own_wait_time(krate, wait));
    let shared = shared_types(krate, tasks);
    let run_task = run_task(krate, &tasks.tasks);
    let on_start = user_hook(krate, &format_ident!("on_start"), &tasks.on_start);
    let on_stop = user_hook(krate, &format_ident!("on_stop"), &tasks.on_stop);
    let setup = setup(krate, tasks);
    let teardown = teardown(krate, tasks);
    tasks_impl(
        krate,
        block,
        &quote! {
            const TASKS: &'static [#krate::__private::TaskInfo] = &[#(#infos)*];
            #order
            #shared
            #run_task
            #wait_time
            #on_start
            #on_stop
            #setup
            #teardown
        },
    )
}

/// The frame around the items of `Tasks`.
pub(crate) fn tasks_impl(krate: &Krate, block: &TasksBlock, items: &TokenStream) -> TokenStream {
    let generated = generated(&block.allowed());
    let cfgs = block.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    let self_ty = &block.self_ty;
    let (impl_generics, _, where_clause) = block.generics.split_for_impl();
    quote! {
        #(#cfgs)*
        #generated
        impl #impl_generics #krate::__private::Tasks for #self_ty #where_clause {
            #items
        }
    }
}

/// One future as large as the largest task's, without a box: the match is inside the `async fn`.
fn run_task(krate: &Krate, tasks: &[Task]) -> TokenStream {
    let conditional = tasks.iter().any(|task| !task.call.cfgs.is_empty());
    let numbers = conditional.then(|| task_numbers(tasks));
    let arms = tasks.iter().enumerate().map(|(index, Task { call, set, .. })| {
        let cfgs = &call.cfgs;
        let number = if conditional { number_of(call).into_token_stream() } else { quote!(#index) };
        let result = match set {
            None => await_method(krate, call, &quote!(self)),
            Some(set) => sets::enter_set(call, set),
        };
        quote!(#(#cfgs)* #number => #result,)
    });
    let enters = tasks.iter().any(|task| task.set.is_some());
    let scope = if enters { quote!(__loadtest_scope) } else { quote!(_) };
    quote! {
        async fn run_task(
            &mut self,
            __loadtest_task: usize,
            #scope: &#krate::__private::Scope<'_>,
        ) -> #krate::__private::TaskResult {
            #numbers
            match __loadtest_task {
                #(#arms)*
                _ => ::core::result::Result::Ok(()),
            }
        }
    }
}

/// Which number a task has when some may be compiled out: the compiler counts, in an `enum` with the same `#[cfg]`s
/// as the array.
fn task_numbers(tasks: &[Task]) -> TokenStream {
    let variants = tasks.iter().map(|Task { call, .. }| {
        let (cfgs, number) = (&call.cfgs, number_of(call));
        quote!(#(#cfgs)* #number,)
    });
    let numbers = tasks.iter().map(|Task { call, .. }| {
        let (cfgs, number) = (&call.cfgs, number_of(call));
        quote!(#(#cfgs)* const #number: usize = __LoadtestTask::#number as usize;)
    });
    quote! {
        enum __LoadtestTask { #(#variants)* }
        #(#numbers)*
    }
}

fn number_of(call: &Call) -> Ident {
    format_ident!("__loadtest_{}", call.name())
}

/// Calls a task or hook, and converts what it returns at the user's own return type.
///
/// The conversion stands at the method's name: an error that is converted there is reported with that place.
fn await_method(krate: &Krate, call: &Call, args: &TokenStream) -> TokenStream {
    let method = &call.method;
    let place = method.span();
    let value = quote!(Self::#method(#args).await);
    match &call.output {
        Output::Never => value,
        Output::Nothing => quote!(<() as #krate::__private::IntoTaskResult>::into_task_result(#value)),
        Output::Type(ty) => {
            quote_spanned!(place=> <#ty as #krate::__private::IntoTaskResult>::into_task_result(#value))
        }
        Output::Opaque(ty) => {
            let value = quote_spanned!(located_at(ty)=> Self::#method(#args).await);
            quote_spanned!(place=> #krate::__private::IntoTaskResult::into_task_result(#value))
        }
    }
}

fn user_hook(krate: &Krate, name: &Ident, calls: &[Call]) -> TokenStream {
    calls
        .iter()
        .map(|call| {
            let cfgs = &call.cfgs;
            let result = await_method(krate, call, &quote!(self));
            quote! {
                #(#cfgs)*
                async fn #name(&mut self) -> #krate::__private::TaskResult { #result }
            }
        })
        .collect()
}

/// `type Shared`: the `T` of `setup`'s `Result<T, E>`, at the user's own `T`, so that the compiler says there that it
/// must be `Send`. Under another name of the type the trait finds it.
pub(crate) fn shared_types(krate: &Krate, tasks: &Tasks) -> TokenStream {
    let nameable = |call: &&Call| matches!(call.output, Output::Nothing | Output::Type(_));
    let calls: Vec<&Call> = tasks.setup.iter().map(|(call, _)| call).filter(nameable).collect();
    let types = calls.iter().map(|call| {
        let cfgs = &call.cfgs;
        let shared = match &call.output {
            Output::Type(ty) => match value_and_error(ty) {
                Some((value, _)) => value.to_token_stream(),
                None if is_result(ty) => {
                    quote_spanned!(located_at(ty)=> <#ty as #krate::__private::SetupOutput>::Shared)
                }
                // Only in the fallback.
                None => ty.to_token_stream(),
            },
            Output::Nothing | Output::Never | Output::Opaque(_) => quote!(()),
        };
        quote!(#(#cfgs)* type Shared = #shared;)
    });
    let otherwise = otherwise(calls.iter().copied()).map(|cfg| quote!(#cfg type Shared = ();));
    quote!(#(#types)* #otherwise)
}

fn setup(krate: &Krate, tasks: &Tasks) -> TokenStream {
    let functions = tasks.setup.iter().map(|(call, args)| {
        let Call { method, cfgs, output } = call;
        let args = (*args == SetupArgs::Context).then(|| quote!(__loadtest_cx));
        let value = quote!(Self::#method(#args).await);
        let result = match output {
            Output::Type(ty) => setup_result(krate, ty, &value, method.span()),
            Output::Nothing | Output::Never | Output::Opaque(_) => quote!(::core::result::Result::Ok(#value)),
        };
        quote! {
            #(#cfgs)*
            async fn setup(
                __loadtest_cx: &#krate::__private::SetupContext,
            ) -> ::core::result::Result<Self::Shared, #krate::__private::Exit> {
                let _ = __loadtest_cx;
                #result
            }
        }
    });
    let otherwise = otherwise(tasks.setup.iter().map(|(call, _)| call)).map(|cfg| {
        quote! {
            #cfg
            async fn setup(
                _: &#krate::__private::SetupContext,
            ) -> ::core::result::Result<Self::Shared, #krate::__private::Exit> {
                ::core::result::Result::Ok(())
            }
        }
    });
    quote!(#(#functions)* #otherwise)
}

/// With the complaint about an error that is none at the user's own `E`.
fn setup_result(krate: &Krate, ty: &Type, value: &TokenStream, place: Span) -> TokenStream {
    let Some((_, error)) = value_and_error(ty) else {
        return quote_spanned!(place=> <#ty as #krate::__private::SetupOutput>::into_shared(#value));
    };
    let failure = format_ident!("__loadtest_error");
    let into_exit = quote_spanned! {place=>
        <#error as ::core::convert::Into<#krate::__private::Exit>>::into(#failure)
    };
    quote! {
        match #value {
            ::core::result::Result::Ok(__loadtest_shared) => ::core::result::Result::Ok(__loadtest_shared),
            ::core::result::Result::Err(#failure) => ::core::result::Result::Err(#into_exit),
        }
    }
}

fn teardown(krate: &Krate, tasks: &Tasks) -> TokenStream {
    tasks
        .teardown
        .iter()
        .map(|(call, args)| {
            let cfgs = &call.cfgs;
            let args: Vec<TokenStream> = args.iter().map(teardown_arg).collect();
            let result = await_method(krate, call, &quote!(#(#args),*));
            quote! {
                #(#cfgs)*
                async fn teardown(
                    __loadtest_shared: &Self::Shared,
                    __loadtest_cx: &#krate::__private::SetupContext,
                ) -> #krate::__private::TaskResult {
                    let _ = (__loadtest_shared, __loadtest_cx);
                    #result
                }
            }
        })
        .collect()
}

fn teardown_arg(arg: &TeardownArg) -> TokenStream {
    match arg {
        // With the complaint about another type than `setup` returns at the parameter's type.
        TeardownArg::Shared(ty) => quote_spanned!(Span::call_site().located_at(*ty)=> __loadtest_shared),
        TeardownArg::Context => quote!(__loadtest_cx),
    }
}

/// The `#[cfg]` under which none of the calls exists; `None` when one always does.
fn otherwise<'a>(calls: impl Iterator<Item = &'a Call>) -> Option<TokenStream> {
    let mut conditions = Vec::new();
    for call in calls {
        if call.cfgs.is_empty() {
            return None;
        }
        let predicates = call.cfgs.iter().map(predicate);
        conditions.push(quote!(all(#(#predicates),*)));
    }
    Some(if conditions.is_empty() { TokenStream::new() } else { quote!(#[cfg(not(any(#(#conditions),*)))]) })
}

fn predicate(cfg: &Attribute) -> TokenStream {
    match &cfg.meta {
        syn::Meta::List(list) => list.tokens.clone(),
        other => other.to_token_stream(),
    }
}

/// `fn main()`.
pub(crate) fn entry(entry: &Entry) -> TokenStream {
    let Entry { krate, classes, defaults, options } = entry;
    let (line, test): (Vec<_>, Vec<_>) =
        defaults.iter().partition(|(key, _)| COMMAND_LINE_KEYS.iter().any(|name| key.unraw() == name));
    let calls = |defaults: Vec<&(Ident, Expr)>| -> TokenStream {
        defaults.into_iter().map(|(key, value)| quote!(.#key(#value))).collect()
    };
    let (line, test) = (calls(line), calls(test));
    let options = options.as_ref().map(|ty| quote_spanned!(located_at(ty)=> .options::<#ty>()));
    quote! {
        fn main() -> ::std::process::ExitCode {
            #krate::__private::main(
                #krate::LoadTest::new() #(.user::<#classes>())* #test,
                #krate::__private::Defaults::new() #line #options,
            )
        }
    }
}
