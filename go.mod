module spanaudit

go 1.26
