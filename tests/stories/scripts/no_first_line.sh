echo begins without a first line
