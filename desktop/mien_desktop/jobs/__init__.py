"""Long work: tracking and exports in processes of their own, their queue, what went wrong."""
