//! Vector-Jacobian products.

use tch::{Kind, Tensor};
use tch_autograd::{Error, grad};

fn leaf(numbers: &[f64]) -> Tensor {
    Tensor::from_slice(numbers).set_requires_grad(true)
}

#[test]
fn grad_is_the_sum_of_products_over_outputs() {
    let (x, unused) = (leaf(&[1.0, 2.0]), leaf(&[5.0]));
    let (square, triple) = (&x * &x, &x * 3.0);
    let vectors = [Tensor::from_slice(&[1.0, 10.0]), Tensor::from_slice(&[7.0, 0.0])];
    let outputs = [&square, &triple];
    let found = grad(&outputs, &[&vectors[0], &vectors[1]], &[&x, &unused], false).unwrap();
    // 2 x v + 3 w
    assert_eq!(found[0], Some(Tensor::from_slice(&[23.0, 40.0])));
    assert_eq!(found[1], None);
}

#[test]
fn grad_of_an_input_that_is_an_output_has_its_own_vector_and_what_flows_back() {
    let x = leaf(&[2.0]);
    let c = &x * &x;
    let h = &c * 5.0;
    let (of_h, of_c) = (Tensor::from_slice(&[1.0]), Tensor::from_slice(&[0.5]));
    let found = grad(&[&h, &c], &[&of_h, &of_c], &[&c, &x], true).unwrap();
    assert_eq!(found[0], Some(Tensor::from_slice(&[5.5])));
    assert_eq!(found[1], Some(Tensor::from_slice(&[22.0])));
    // The graph was kept.
    assert_eq!(grad(&[&h], &[&of_h], &[&c], false).unwrap()[0], Some(Tensor::from_slice(&[5.0])));
}

#[test]
fn grad_of_outputs_without_a_history_is_none() {
    let x = leaf(&[1.0]);
    let constant = Tensor::from_slice(&[1.0]);
    assert_eq!(grad(&[&constant], &[&constant], &[&x], false), Ok(vec![None]));
}

#[test]
fn grad_of_an_input_that_requires_none_is_none() {
    let (x, constant) = (leaf(&[2.0]), Tensor::from_slice(&[3.0]));
    let y = &x * &constant;
    let vector = Tensor::from_slice(&[1.0]);
    let found = grad(&[&y], &[&vector], &[&constant, &x], true).unwrap();
    assert_eq!(found, [None, Some(Tensor::from_slice(&[3.0]))]);
    assert_eq!(grad(&[&y], &[&vector], &[&constant], false), Ok(vec![None]));
}

#[test]
fn grad_with_a_vector_of_the_wrong_shape_is_an_error() {
    let x = leaf(&[1.0, 2.0]);
    let y = x.exp();
    let vector = Tensor::ones([3], (Kind::Double, tch::Device::Cpu));
    assert!(matches!(grad(&[&y], &[&vector], &[&x], false), Err(Error::Libtorch(_))));
}
