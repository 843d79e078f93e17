"""What stands behind the clients: plain Python that obeys what AWS and Stripe document."""
