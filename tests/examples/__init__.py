"""Small models whose saving is tested: every module has `example_models()`, name -> (model, input)."""
