"""What it costs, as ratios to a floor measured in the same run: machines differ, and a busy one slows both."""
