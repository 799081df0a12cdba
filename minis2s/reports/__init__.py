"""What a run or a checkpoint holds, for people: inspection, comparison, and a page with pictures."""
