"""What was done: hours, portions, weight, certificates, leave due, incidents; table `service_certificate`."""
