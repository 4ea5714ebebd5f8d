//! Lists, tuples and sets of finished jobs as what today's types hold: each is read as the others, and has another identity.

use std::sync::Arc;

use crate::schema::Type;
use crate::value::{Node, Slot, Value, is_too_fine};

/// The configuration with its lists, tuples and sets as what its type holds today: one is read as another, and is another value.
pub(super) fn retyped(node: Arc<Node>, say: &mut impl FnMut(String)) -> Arc<Node> {
    let mut moved = false;
    let slots = node.arguments().iter().zip(node.slots()).map(|(arg, slot)| match of_type(&slot.value, &arg.ty) {
        Some(value) => {
            say(format!("the argument `{}` of `{}` has the type {} now", arg.name, node.schema().id(), arg.ty));
            moved = true;
            Slot { value, ..slot.clone() }
        }
        None => slot.clone(),
    });
    let slots = slots.collect();
    if moved { Node::new(node.schema(), node.variant(), slots, node.own_tags().clone()) } else { node }
}

/// A number in a value of this type of today that is no `f32`, where one is asked for: what is given today is another number.
pub(super) fn too_fine(value: &Value, ty: &Type) -> Option<f64> {
    match (value.unmarked(), ty) {
        (Value::Float(x), Type::Float("f32")) => is_too_fine(*x).then_some(*x),
        (value, Type::Option(item)) => too_fine(value, item),
        (Value::List(items) | Value::Tuple(items) | Value::Set(items), Type::List(item) | Type::Set(item)) => {
            items.iter().find_map(|value| too_fine(value, item))
        }
        (Value::List(items) | Value::Tuple(items) | Value::Set(items), Type::Tuple(types)) => {
            items.iter().zip(types).find_map(|(value, ty)| too_fine(value, ty))
        }
        (Value::Map(entries), Type::Map(_, item)) => entries.iter().find_map(|(_, value)| too_fine(value, item)),
        _ => None,
    }
}

/// `value` as one of type `ty`, if it is a list, a tuple or a set where another of these is asked for.
fn of_type(value: &Value, ty: &Type) -> Option<Value> {
    match (value.unmarked(), ty) {
        (value, Type::Option(item)) => of_type(value, item),
        (
            Value::List(items) | Value::Tuple(items) | Value::Set(items),
            Type::List(_) | Type::Set(_) | Type::Tuple(_),
        ) => {
            let type_of = |i: usize| match ty {
                Type::Tuple(types) => types.get(i),
                Type::List(item) | Type::Set(item) => Some(&**item),
                _ => None,
            };
            let changed: Vec<_> =
                items.iter().enumerate().map(|(i, item)| type_of(i).and_then(|ty| of_type(item, ty))).collect();
            let same_kind = matches!(
                (value.unmarked(), ty),
                (Value::List(_), Type::List(_)) | (Value::Tuple(_), Type::Tuple(_)) | (Value::Set(_), Type::Set(_))
            );
            if same_kind && changed.iter().all(Option::is_none) {
                return None;
            }
            let items =
                items.iter().zip(changed).map(|(item, changed)| changed.unwrap_or_else(|| item.clone())).collect();
            Some(match ty {
                Type::Set(_) => Value::Set(items),
                Type::Tuple(_) => Value::Tuple(items),
                _ => Value::List(items),
            })
        }
        (Value::Map(entries), Type::Map(key, item)) => {
            let changed: Vec<_> = entries.iter().map(|(k, v)| (of_type(k, key), of_type(v, item))).collect();
            if changed.iter().all(|(k, v)| k.is_none() && v.is_none()) {
                return None;
            }
            let entries = entries.iter().zip(changed);
            let entries = entries.map(|((k, v), (key, item))| (key.unwrap_or(k.clone()), item.unwrap_or(v.clone())));
            Some(Value::Map(entries.collect()))
        }
        _ => None,
    }
}
