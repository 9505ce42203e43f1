"""Rock-glacier inventory library: arrays and frames in, arrays and frames out."""
